#include "kafka/mock_cluster.h"

#include <fmt/format.h>

#include <array>

namespace firstseen::kafka {

namespace {

constexpr std::int32_t broker_id = 1;

Result<void> done(rd_kafka_resp_err_t code, const std::string& what) {
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return fail(Exit::internal, fmt::format("mock cluster: cannot {}: {}", what, rd_kafka_err2str(code)));
}

void discard_log(const rd_kafka_t*, int, const char*, const char*) {}

}  // namespace

Result<std::unique_ptr<MockCluster>> MockCluster::start() {
  std::unique_ptr<MockCluster> cluster(new MockCluster());
  ConfHandle conf(rd_kafka_conf_new());
  rd_kafka_conf_set_log_cb(conf.get(), discard_log);
  std::array<char, 512> text{};
  cluster->host_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), text.data(), text.size()));
  if (!cluster->host_) return fail(Exit::internal, fmt::format("mock cluster: {}", text.data()));
  disown(conf);  // the client owns it now
  cluster->cluster_.reset(rd_kafka_mock_cluster_new(cluster->host_.get(), 1));
  if (!cluster->cluster_) return fail(Exit::internal, "mock cluster: cannot listen on 127.0.0.1");
  return cluster;
}

std::string MockCluster::brokers() const { return rd_kafka_mock_cluster_bootstraps(cluster_.get()); }

Result<void> MockCluster::create_topic(const std::string& topic, std::int32_t partitions) {
  return done(rd_kafka_mock_topic_create(cluster_.get(), topic.c_str(), partitions, 1), "create topic " + topic);
}

void MockCluster::fail_next(std::int16_t api_key, std::span<const rd_kafka_resp_err_t> errors) {
  rd_kafka_mock_push_request_errors_array(cluster_.get(), api_key, errors.size(), errors.data());
}

Result<void> MockCluster::set_down(bool down) {
  return done(down ? rd_kafka_mock_broker_set_down(cluster_.get(), broker_id)
                   : rd_kafka_mock_broker_set_up(cluster_.get(), broker_id),
              down ? "stop the broker" : "restore the broker");
}

}  // namespace firstseen::kafka
