#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "component/daemon/program.h"
#include "component/daemon/scene.h"
#include "component/kafka/fixture.h"
#include "control/client.h"

namespace firstseen::test {

using Json = nlohmann::json;
using kafka::test::Record;

/// The daemon as a process of its own against a mock cluster in this one, topics "in" and "out".
class Daemon : public kafka::test::KafkaTest {
 protected:
  void SetUp() override {
    KafkaTest::SetUp();
    scene_ = std::make_unique<Scene>(cluster_->brokers(), "in", "out");
  }

  std::vector<std::string> command(const std::string& name, std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {name, "-c", scene_->config()});
    return more;
  }

  /// What `status --json` prints, asked without a process for each question, since most who ask do so again and again;
  /// null where no daemon answers.
  Json status() const {
    const auto answer = control::ask(scene_->socket(), {{"command", "status"}}, Millis{10'000});
    return answer ? Json(*answer) : Json();
  }

  /// A `store` command on the daemon's store, printing JSON; with a message: one about its key.
  Finished store_command(const std::string& name, const std::string& message = "") const {
    std::vector<std::string> words{"store", name, "-c", scene_->config(), "--json"};
    if (!message.empty()) words.insert(words.end(), {"--message", "-"});
    return test::run(words, {}, message);
  }

  /// Commits offsets of a group that has no members.
  void commit(const std::string& group, const std::map<TopicPartition, std::int64_t>& offsets) {
    kafka::ConfHandle conf(rd_kafka_conf_new());
    rd_kafka_conf_set(conf.get(), "bootstrap.servers", cluster_->brokers().c_str(), nullptr, 0);
    rd_kafka_conf_set(conf.get(), "group.id", group.c_str(), nullptr, 0);
    const kafka::ClientHandle client(rd_kafka_new(RD_KAFKA_CONSUMER, conf.release(), nullptr, 0));
    const kafka::PartitionListHandle list(rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size())));
    for (const auto& [tp, offset] : offsets) {
      rd_kafka_topic_partition_list_add(list.get(), tp.topic.c_str(), tp.partition)->offset = offset;
    }
    const auto code = rd_kafka_commit(client.get(), list.get(), 0);
    ASSERT_EQ(code, RD_KAFKA_RESP_ERR_NO_ERROR) << rd_kafka_err2str(code);
  }

  /// Waits until the daemon says this of a counter.
  ::testing::AssertionResult counts(const char* counter, std::uint64_t value) const {
    Json last;
    const bool reached = eventually([&] {
      last = status();
      return last.is_object() && last["counters"][counter] == value;
    });
    return reached ? ::testing::AssertionSuccess() : ::testing::AssertionFailure() << counter << ": " << last.dump();
  }

  ::testing::AssertionResult state(const std::string& wanted) const {
    Json last;
    const bool reached = eventually([&] {
      last = status();
      return last.is_object() && last["state"] == wanted;
    });
    return reached ? ::testing::AssertionSuccess() : ::testing::AssertionFailure() << wanted << ": " << last.dump();
  }

  static Record order(std::int32_t partition, int id, const std::string& more = "") {
    Record record;
    record.partition = partition;
    record.timestamp_ms = 1'700'000'000'000 + id;
    record.key = "k" + std::to_string(id);
    record.value = R"({"order":{"id":)" + std::to_string(id) + "}" + more + "}";
    return record;
  }

  /// Orders 0 to count-1 over both partitions, each `times` times.
  static std::vector<Record> orders(int count, int times) {
    std::vector<Record> records;
    for (int turn = 0; turn < times; ++turn) {
      for (int id = 0; id < count; ++id) records.push_back(order(id % 2, id));
    }
    return records;
  }

  std::unique_ptr<Scene> scene_;
};

}  // namespace firstseen::test
