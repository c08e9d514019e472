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

/// kafka::Client over the simulated cluster, for one process.
class SimClient final : public kafka::Client {
 public:
  SimClient(SimCluster& cluster, Faults& faults, const Process& process, const kafka::ClientOptions& options)
      : cluster_(cluster),
        faults_(faults),
        consumer_(cluster, faults, process, options.instance_id),
        producer_(cluster, faults, process, options.transactional_id,
                  options.guarantee == kafka::Guarantee::exactly_once) {}

  Result<kafka::Progress> init_transactions() override { return waited(producer_.init()); }
  Result<void> subscribe(const std::vector<std::string>& topics) override;
  Result<kafka::Taken> take(std::size_t max_messages, Millis wait) override;
  Result<void> assign(std::span<const Position> positions) override;
  Result<void> unassign() override;
  Result<void> rewind(std::span<const Position> positions) override;
  Result<void> pause(std::span<const TopicPartition> partitions) override;
  Result<void> resume(std::span<const TopicPartition> partitions) override;
  Result<kafka::GroupMembership> membership() override { return consumer_.membership(); }
  Result<void> begin() override { return producer_.begin(); }
  Result<kafka::Progress> publish(const MessageView& message, const kafka::Destination& to,
                                  std::span<const kafka::AddedHeader> added) override {
    return waited(producer_.publish(message, to, added));
  }
  Result<kafka::Progress> send_offsets(std::span<const kafka::OffsetCommit> offsets,
                                       const kafka::GroupMembership& membership) override;
  Result<kafka::Progress> commit() override { return waited(producer_.commit()); }
  Result<kafka::Progress> abort() override { return waited(producer_.abort()); }
  std::vector<kafka::DeliveryFailure> failures() override { return producer_.failures(); }
  Result<std::optional<std::vector<kafka::Committed>>> committed(std::span<const TopicPartition> partitions) override;
  Result<std::optional<kafka::Watermarks>> watermarks(const TopicPartition& tp) override;
  Result<std::optional<std::int64_t>> offset_for_time(const TopicPartition& tp, std::int64_t timestamp_ms) override;
  Result<std::optional<std::int32_t>> partition_count(const std::string& topic) override;

 private:
  /// A call that did not finish has taken up to a second.
  Result<kafka::Progress> waited(Result<kafka::Progress> progress);
  /// No broker, or a question that is lost: a second has passed.
  bool unanswered();

  SimCluster& cluster_;
  Faults& faults_;
  SimConsumer consumer_;
  SimProducer producer_;
};

}  // namespace firstseen::simulation
