#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cluster.h"
#include "faults.h"
#include "kafka/client.h"
#include "kafka/options.h"
#include "process.h"
#include "sim_consumer.h"
#include "sim_producer.h"

namespace firstseen::simulation {

/// The network as one process sees it: calls that do not finish take time, questions may be lost.
class SimNetwork {
 public:
  SimNetwork(SimCluster& cluster, Faults& faults) : cluster_(cluster), faults_(faults) {}

  /// A call that did not finish has taken up to a second.
  Result<kafka::Progress> waited(Result<kafka::Progress> progress);
  /// No broker, or a question that is lost: a second has passed.
  bool unanswered();
  /// The same for a question that the partition's leader must answer.
  bool unanswered_by_leader(const TopicPartition& tp);
  void wait();

 private:
  SimCluster& cluster_;
  Faults& faults_;
};

/// kafka::Consumer over the simulated cluster, for one process.
class SimConsumerSide final : public kafka::Consumer {
 public:
  SimConsumerSide(SimCluster& cluster, Faults& faults, const Process& process, const std::string& instance,
                  std::shared_ptr<const SimBatch> batch)
      : cluster_(cluster),
        faults_(faults),
        network_(cluster, faults),
        consumer_(cluster, faults, process, instance),
        batch_(std::move(batch)) {}

  Result<void> subscribe(const std::vector<std::string>& topics) override;
  Result<kafka::Taken> take(std::size_t max_messages, Millis wait) override;
  Result<void> assign(std::span<const Position> positions) override;
  Result<void> unassign() override;
  Result<void> rewind(std::span<const Position> positions) override;
  Result<void> pause(std::span<const TopicPartition> partitions) override;
  Result<void> resume(std::span<const TopicPartition> partitions) override;
  Result<kafka::GroupMembership> membership() override { return consumer_.membership(); }
  Result<kafka::Progress> commit(std::span<const kafka::OffsetCommit> offsets,
                                 const kafka::GroupMembership& membership) override;
  Result<std::optional<std::vector<kafka::Committed>>> committed(std::span<const TopicPartition> partitions) override;
  Result<std::optional<kafka::Watermarks>> watermarks(const TopicPartition& tp) override;
  Result<std::optional<std::int64_t>> uncommitted_end(const TopicPartition& tp) override;
  [[nodiscard]] std::optional<std::int64_t> known_end(const TopicPartition& tp) override;
  Result<std::optional<std::int64_t>> offset_for_time(const TopicPartition& tp, std::int64_t timestamp_ms) override;
  Result<std::optional<std::int32_t>> partition_count(const std::string& topic) override;
  Result<std::optional<std::vector<std::int32_t>>> leaderless(const std::string& topic) override;
  Result<std::optional<std::string>> cluster_id() override;

 private:
  Result<kafka::Progress> try_commit(std::span<const kafka::OffsetCommit> offsets, const Membership& membership);

  SimCluster& cluster_;
  Faults& faults_;
  SimNetwork network_;
  SimConsumer consumer_;
  std::shared_ptr<const SimBatch> batch_;
};

/// kafka::Publisher over the simulated cluster, for one process.
class SimPublisherSide final : public kafka::Publisher {
 public:
  SimPublisherSide(SimCluster& cluster, Faults& faults, const Process& process, const std::string& transactional_id,
                   bool transactional, std::shared_ptr<SimBatch> batch)
      : network_(cluster, faults),
        producer_(cluster, faults, process, transactional_id, transactional, std::move(batch)) {}

  Result<kafka::Progress> init_transactions() override { return network_.waited(producer_.init()); }
  Result<void> begin() override { return producer_.begin(); }
  Result<kafka::Progress> publish(const MessageView& message, const kafka::Destination& to,
                                  std::span<const kafka::AddedHeader> added) override {
    return network_.waited(producer_.publish(message, to, added));
  }
  Result<kafka::Progress> send_offsets(std::span<const kafka::OffsetCommit> offsets,
                                       const kafka::GroupMembership& membership) override {
    return network_.waited(producer_.send_offsets(offsets, *std::static_pointer_cast<const Membership>(membership)));
  }
  Result<kafka::Progress> commit() override { return network_.waited(producer_.commit()); }
  Result<kafka::Progress> abort() override { return network_.waited(producer_.abort()); }
  std::vector<kafka::DeliveryFailure> failures() override { return producer_.failures(); }
  void serve() override {}

 private:
  SimNetwork network_;
  SimProducer producer_;
};

kafka::Client make_sim_client(SimCluster& cluster, Faults& faults, const Process& process,
                              const kafka::ClientOptions& options);

}  // namespace firstseen::simulation
