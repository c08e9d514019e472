#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/message.h"

namespace firstseen::simulation {

/// The group coordinator's view of who consumes what: generations, eager rebalances, static membership. Kafka's classic
/// protocol with the range assignor.
class Group {
 public:
  /// What a member is told at a heartbeat.
  enum class Told {
    steady,
    rebalance,  ///< give everything up and join again
    unknown,    ///< evicted: the assignment is lost
    fenced,     ///< another process has joined with this group.instance.id
  };

  using PartitionCount = std::function<std::int32_t(const std::string& topic)>;
  explicit Group(PartitionCount count) : count_(std::move(count)) {}

  /// Joins as a new member and answers its member id. A known instance is taken over: without a rebalance if the group
  /// stands still, and its former member is fenced.
  std::string join(const std::string& instance, const std::vector<std::string>& topics, std::int64_t now_ms);
  /// The member has given its partitions up and waits for the next generation.
  void rejoin(const std::string& member, std::int64_t now_ms);
  Told heartbeat(const std::string& member, std::int64_t now_ms);
  /// Evicts members that were silent for the session timeout, or too slow to rejoin.
  void expire(std::int64_t now_ms);
  /// Partitions were added: everybody is asked to join again.
  void topics_changed(std::int64_t now_ms);
  /// The coordinator forgets this member (a lost assignment without its fault).
  void evict(const std::string& member, std::int64_t now_ms);
  /// No members, as after `kafka-consumer-groups --delete`.
  void clear();

  /// Is the member part of the current, complete generation? Then `assignment` is its share.
  [[nodiscard]] bool settled(const std::string& member) const;
  [[nodiscard]] std::vector<TopicPartition> assignment(const std::string& member) const;
  [[nodiscard]] std::int32_t generation() const { return generation_; }
  /// May this member commit offsets with this generation?
  [[nodiscard]] bool may_commit(const std::string& member, std::int32_t generation) const;
  [[nodiscard]] bool empty() const { return members_.empty(); }

  static constexpr std::int64_t session_timeout_ms = 10'000;
  static constexpr std::int64_t rebalance_timeout_ms = 60'000;

 private:
  struct Member {
    std::string instance;
    std::vector<std::string> topics;
    std::vector<TopicPartition> assignment;
    std::int64_t heard_ms = 0;
    bool waiting = false;  // has joined the generation in preparation
  };

  void prepare(std::int64_t now_ms);
  void complete_if_ready();
  void assign_ranges();

  PartitionCount count_;
  std::map<std::string, Member> members_;
  std::map<std::string, bool> fenced_;
  std::int32_t generation_ = 0;
  bool preparing_ = false;
  std::int64_t preparing_since_ms_ = 0;
  int joined_ever_ = 0;
};

}  // namespace firstseen::simulation
