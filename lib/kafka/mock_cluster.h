#pragma once

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/error.h"
#include "kafka/handles.h"

namespace firstseen::kafka {

/// librdkafka's embedded mock cluster: one broker on a free port of this host, reachable by other processes too.
///
/// It serves groups, idempotent and transactional producing, but offsets sent to a transaction are discarded, an abort
/// leaves the messages visible, nothing is fenced, and a partition keeps its last 5 MiB only. It shows the loop and the
/// error paths, never exactly-once.
class MockCluster {
 public:
  static Result<std::unique_ptr<MockCluster>> start();

  [[nodiscard]] std::string brokers() const;
  Result<void> create_topic(const std::string& topic, std::int32_t partitions);

  /// The next requests of this kind (Kafka's api key) are answered with these errors, one each.
  void fail_next(std::int16_t api_key, std::span<const rd_kafka_resp_err_t> errors);
  /// Stops or restores the broker: its connections are closed and refused.
  Result<void> set_down(bool down);

  [[nodiscard]] rd_kafka_mock_cluster_t* native() const { return cluster_.get(); }

 private:
  using ClusterHandle = Handle<rd_kafka_mock_cluster_t, rd_kafka_mock_cluster_destroy>;

  MockCluster() = default;

  ClientHandle host_;  ///< the client instance that the cluster lives in
  ClusterHandle cluster_;
};

}  // namespace firstseen::kafka
