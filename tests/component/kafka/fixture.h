#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "kafka/client.h"
#include "kafka/handles.h"
#include "kafka/mock_cluster.h"
#include "kafka/rdkafka_client.h"

namespace firstseen::kafka::test {

using Headers = std::vector<std::pair<std::string, std::optional<std::string>>>;

/// A message with everything copied.
struct Record {
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::int64_t timestamp_ms = -1;
  std::optional<std::string> key;
  std::optional<std::string> value;
  Headers headers;
};

/// The content that must survive republishing.
inline bool same_content(const Record& a, const Record& b) {
  return a.partition == b.partition && a.timestamp_ms == b.timestamp_ms && a.key == b.key && a.value == b.value &&
         a.headers == b.headers;
}

inline Record record_of(const MessageView& view) {
  Record record{view.partition, view.offset, view.timestamp_ms, std::nullopt, std::nullopt, {}};
  if (view.key) record.key.emplace(*view.key);
  if (view.value) record.value.emplace(*view.value);
  for (const HeaderView& header : view.headers) {
    record.headers.emplace_back(header.name, header.value ? std::optional(std::string(*header.value)) : std::nullopt);
  }
  return record;
}

constexpr std::chrono::seconds patience{30};

/// A mock cluster with topics "in" and "out" of two partitions each, and what a test wants of a client.
class KafkaTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto cluster = MockCluster::start();
    ASSERT_TRUE(cluster) << cluster.error().message;
    cluster_ = std::move(*cluster);
    ASSERT_TRUE(cluster_->create_topic("in", 2));
    ASSERT_TRUE(cluster_->create_topic("out", 2));
  }

  ClientOptions options(Guarantee guarantee = Guarantee::exactly_once) const {
    ClientOptions options;
    options.brokers = {cluster_->brokers()};
    options.group = "group";
    options.transactional_id = "group-0";
    options.guarantee = guarantee;
    options.headers_wanted = true;
    return options;
  }

  Client client(const ClientOptions& with, const FiguresSink& figures = {}) {
    auto made = make_client(with, [this](LogLevel, const std::string& line) { log_.push_back(line); }, figures);
    EXPECT_TRUE(made) << made.error().message;
    if (!made) return {};
    finish([&] { return made->publisher->init_transactions(); });
    return std::move(*made);
  }
  Client client() { return client(options()); }

  /// Repeats a call until it is done; a failed assertion at an error or after `patience`.
  void finish(const std::function<Result<Progress>()>& call) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < deadline) {
      const auto progress = call();
      ASSERT_TRUE(progress) << progress.error().message;
      if (*progress == Progress::done) return;
    }
    FAIL() << "not finished in time";
  }

  /// The first error of a call that is repeated until it is done.
  std::optional<Error> failure_of(const std::function<Result<Progress>()>& call) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < deadline) {
      auto progress = call();
      if (!progress) return progress.error();
      if (*progress == Progress::done) return std::nullopt;
    }
    ADD_FAILURE() << "not finished in time";
    return std::nullopt;
  }

  /// Takes until `enough` says so; hands every Taken to `see`.
  void take_until(Client& from, const std::function<bool()>& enough, const std::function<void(const Taken&)>& see) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!enough()) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "waited in vain";
      const auto taken = from.consumer->take(1000, Millis(100));
      ASSERT_TRUE(taken) << taken.error().message;
      see(*taken);
    }
  }

  Rebalance next_rebalance(Client& from) {
    std::optional<Rebalance> rebalance;
    take_until(from, [&] { return rebalance.has_value(); }, [&](const Taken& taken) { rebalance = taken.rebalance; });
    return rebalance.value_or(Rebalance{});
  }

  /// Joins the group and starts both partitions of "in" at the given offset.
  void join(Client& from, std::int64_t offset = 0) {
    ASSERT_TRUE(from.consumer->subscribe({"in"}));
    const Rebalance rebalance = next_rebalance(from);
    ASSERT_EQ(rebalance.kind, Rebalance::Kind::assigned);
    std::vector<Position> positions;
    positions.reserve(rebalance.partitions.size());
    for (const TopicPartition& tp : rebalance.partitions) positions.push_back({tp, offset});
    ASSERT_TRUE(from.consumer->assign(positions));
  }

  std::vector<Record> read(Client& from, std::size_t count) {
    std::vector<Record> records;
    take_until(
        from, [&] { return records.size() >= count; },
        [&](const Taken& taken) {
          for (const MessageView& view : taken.messages) records.push_back(record_of(view));
        });
    return records;
  }

  /// Writes records to a topic with a producer of its own, at the partitions they name.
  void write(const std::string& topic, const std::vector<Record>& records) {
    ConfHandle conf(rd_kafka_conf_new());
    rd_kafka_conf_set(conf.get(), "bootstrap.servers", cluster_->brokers().c_str(), nullptr, 0);
    rd_kafka_conf_set(conf.get(), "message.max.bytes", "3000000", nullptr, 0);
    const ClientHandle producer(rd_kafka_new(RD_KAFKA_PRODUCER, conf.release(), nullptr, 0));
    for (const Record& record : records) produce(producer.get(), topic, record);
    ASSERT_EQ(rd_kafka_flush(producer.get(), 10'000), RD_KAFKA_RESP_ERR_NO_ERROR);
  }

  /// Everything in a topic, read without a group by plain librdkafka calls.
  std::vector<Record> contents(const std::string& topic, std::size_t count) {
    ConfHandle conf(rd_kafka_conf_new());
    rd_kafka_conf_set(conf.get(), "bootstrap.servers", cluster_->brokers().c_str(), nullptr, 0);
    rd_kafka_conf_set(conf.get(), "group.id", "reader", nullptr, 0);
    const ClientHandle consumer(rd_kafka_new(RD_KAFKA_CONSUMER, conf.release(), nullptr, 0));
    rd_kafka_poll_set_consumer(consumer.get());
    const PartitionListHandle list(rd_kafka_topic_partition_list_new(2));
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), 0)->offset = 0;
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), 1)->offset = 0;
    rd_kafka_assign(consumer.get(), list.get());
    std::vector<Record> records;
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (records.size() < count && std::chrono::steady_clock::now() < deadline) {
      const MessageHandle message(rd_kafka_consumer_poll(consumer.get(), 100));
      if (message && message->err == RD_KAFKA_RESP_ERR_NO_ERROR) records.push_back(copy_of(*message));
    }
    return records;
  }

  std::unique_ptr<MockCluster> cluster_;
  std::vector<std::string> log_;

 private:
  static void produce(rd_kafka_t* producer, const std::string& topic, const Record& record) {
    rd_kafka_headers_t* headers = rd_kafka_headers_new(record.headers.size());
    for (const auto& [name, value] : record.headers) {
      rd_kafka_header_add(headers, name.c_str(), -1, value ? value->c_str() : nullptr,
                          value ? static_cast<ssize_t>(value->size()) : 0);
    }
    const auto code = rd_kafka_producev(
        producer, RD_KAFKA_VTYPE_TOPIC, topic.c_str(), RD_KAFKA_VTYPE_PARTITION, record.partition,
        RD_KAFKA_VTYPE_MSGFLAGS, RD_KAFKA_MSG_F_COPY, RD_KAFKA_VTYPE_VALUE,
        record.value ? record.value->data() : nullptr, record.value ? record.value->size() : std::size_t{0},
        RD_KAFKA_VTYPE_KEY, record.key ? record.key->data() : nullptr, record.key ? record.key->size() : std::size_t{0},
        RD_KAFKA_VTYPE_TIMESTAMP, record.timestamp_ms, RD_KAFKA_VTYPE_HEADERS, headers, RD_KAFKA_VTYPE_END);
    ASSERT_EQ(code, RD_KAFKA_RESP_ERR_NO_ERROR) << rd_kafka_err2str(code);
  }

  static Record copy_of(const rd_kafka_message_t& message) {
    Record record{message.partition, message.offset, rd_kafka_message_timestamp(&message, nullptr), {}, {}, {}};
    if (message.key != nullptr) record.key.emplace(static_cast<const char*>(message.key), message.key_len);
    if (message.payload != nullptr) record.value.emplace(static_cast<const char*>(message.payload), message.len);
    rd_kafka_headers_t* headers = nullptr;
    if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return record;
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    for (std::size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == 0; ++i) {
      record.headers.emplace_back(
          name, value != nullptr ? std::optional(std::string(static_cast<const char*>(value), size)) : std::nullopt);
    }
    return record;
  }
};

}  // namespace firstseen::kafka::test
