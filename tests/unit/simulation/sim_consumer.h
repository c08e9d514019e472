#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cluster.h"
#include "faults.h"
#include "kafka/client.h"
#include "process.h"

namespace firstseen::simulation {

/// The member's identity at one moment; what a GroupMembership points to.
struct Membership {
  std::string member;
  std::int32_t generation = -1;
};

/// The consumer half of a simulated client: a group member and a fetcher of read_committed messages.
class SimConsumer final : public SimCluster::Background {
 public:
  SimConsumer(SimCluster& cluster, Faults& faults, const Process& process, std::string instance);
  ~SimConsumer() override;
  SimConsumer(const SimConsumer&) = delete;
  SimConsumer& operator=(const SimConsumer&) = delete;
  SimConsumer(SimConsumer&&) = delete;
  SimConsumer& operator=(SimConsumer&&) = delete;

  void subscribe(const std::vector<std::string>& topics) { topics_ = topics; }
  Result<kafka::Taken> take(std::size_t max_messages, Millis wait);
  void assign(std::span<const Position> positions);
  void unassign();
  void rewind(std::span<const Position> positions);
  void pause(std::span<const TopicPartition> partitions, bool paused);
  [[nodiscard]] kafka::GroupMembership membership() const;
  [[nodiscard]] bool has_joined() const { return !member_.empty(); }
  /// As the last fetch told it: of a partition that is not fetched it grows old.
  [[nodiscard]] std::optional<std::int64_t> fetched_end(const TopicPartition& tp) const;

  void heartbeat() override;

 private:
  enum class State { joining, asked_to_assign, active, asked_to_revoke, asked_as_lost };
  struct Fetch {
    std::int64_t position = 0;
    bool paused = false;
    bool at_end = false;        // end_of_log was reported for this position
    bool out_of_range = false;  // reported; silent until rewound
  };
  /// A chunk's messages. What was given back is overwritten and kept until it is used again, so that a stale view is
  /// seen to be stale.
  struct Buffer final : kafka::ChunkStorage {
    std::deque<Record> records;
    std::deque<std::vector<HeaderView>> headers;
    std::vector<MessageView> views;

    [[nodiscard]] std::span<const MessageView> messages() const override { return views; }
    void clear() override;
    void reset();
  };

  std::optional<Error> follow_group(std::optional<kafka::Rebalance>& asked);
  void join();
  void fetch(std::size_t max_messages, kafka::Taken& taken);
  void note_end(const TopicPartition& tp);
  bool fetch_one(const TopicPartition& tp, Fetch& fetch, kafka::Taken& taken);
  void deliver(const TopicPartition& tp, std::int64_t offset, const Record& record);
  [[nodiscard]] std::vector<TopicPartition> held() const;

  SimCluster& cluster_;
  Faults& faults_;
  const Process& process_;
  std::string instance_;
  std::vector<std::string> topics_;
  std::string member_;
  std::int32_t generation_ = -1;
  State state_ = State::joining;
  std::vector<TopicPartition> given_;  // by the group
  std::map<TopicPartition, Fetch> fetches_;
  std::map<TopicPartition, std::int64_t> fetched_ends_;
  std::set<TopicPartition> said_refused_;  // not said again, also after a rewind, until something was read
  Group::Told told_ = Group::Told::steady;
  std::int64_t last_wall_ms_ = 0;
  std::shared_ptr<kafka::ChunkPool> chunks_ = std::make_shared<kafka::ChunkPool>();
  Buffer* buffer_ = nullptr;  // of the chunk that take() fills
};

}  // namespace firstseen::simulation
