#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "cluster.h"
#include "faults.h"
#include "kafka/client.h"
#include "process.h"
#include "sim_consumer.h"

namespace firstseen::simulation {

/// at_least_once: what a client's two sides share.
struct SimBatch {
  TxnId acknowledged = no_txn;  ///< the batch whose offsets the consumer is to commit
};

/// The producer half of a simulated client: transactions (or, with at_least_once, acknowledged batches), the client's
/// queue, delivery failures, and commits whose outcome nobody knows.
class SimProducer {
 public:
  SimProducer(SimCluster& cluster, Faults& faults, const Process& process, std::string transactional_id,
              bool transactional, std::shared_ptr<SimBatch> batch);
  /// A crash: part of what was queued may still have reached the broker.
  ~SimProducer();
  SimProducer(const SimProducer&) = delete;
  SimProducer& operator=(const SimProducer&) = delete;
  SimProducer(SimProducer&&) = delete;
  SimProducer& operator=(SimProducer&&) = delete;

  Result<kafka::Progress> init();
  Result<void> begin();
  Result<kafka::Progress> publish(const MessageView& message, const kafka::Destination& to,
                                  std::span<const kafka::AddedHeader> added);
  Result<kafka::Progress> send_offsets(std::span<const kafka::OffsetCommit> offsets, const Membership& membership);
  Result<kafka::Progress> commit();
  Result<kafka::Progress> abort();
  [[nodiscard]] const std::vector<kafka::DeliveryFailure>& failures() const { return failures_; }

  /// The client itself refuses bigger messages at publish; between the topic's limit and this the broker refuses.
  static constexpr std::size_t client_max_message_bytes = 100'000;
  static constexpr std::size_t queue_limit = 1'000;

 private:
  struct Queued {
    TopicPartition to;
    Record record;
    Position source;
  };

  Result<kafka::Progress> ensure_open();
  void flush(std::size_t most);
  void produce_batch(std::vector<Queued> batch);
  Result<kafka::Progress> decide_commit();
  Result<kafka::Progress> end_unknown();
  [[nodiscard]] std::int32_t partition_of(const MessageView& message, const kafka::Destination& to);

  SimCluster& cluster_;
  Faults& faults_;
  const Process& process_;
  std::string id_;
  bool transactional_;
  std::shared_ptr<SimBatch> batch_;
  std::int32_t epoch_ = -1;
  TxnId txn_ = no_txn;
  bool must_abort_ = false;
  bool ended_ = false;  // a commit or abort was applied, but its answer was lost
  std::deque<Queued> queue_;
  std::vector<kafka::DeliveryFailure> failures_;
};

/// Kafka's default partitioner for keys (org.apache.kafka.common.utils.Utils.murmur2), made positive.
std::int32_t murmur2_partition(std::string_view key, std::int32_t partitions);

}  // namespace firstseen::simulation
