#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <string>
#include <vector>

#include "component/daemon/daemon.h"
#include "component/daemon/log_address.h"
#include "component/http/client.h"

// Messages belong to others: no byte of a key, value or header is logged at info, or shown by a status, whatever comes
// of the message.

namespace firstseen::test {
namespace {

/// Stands in every key, every value and every header.
constexpr const char* mark = "PR1VATE";

class PayloadSecrecy : public Daemon {
 protected:
  static Record marked(const std::string& value) {
    Record record = order(0, 0);
    record.key = std::string("key-") + mark;
    record.value = value;
    record.headers = {{std::string("x-") + mark, std::string("header-") + mark}};
    return record;
  }

  /// A message for each kind of fault that a payload can have.
  static std::vector<Record> rejected() {
    std::vector<Record> records;
    for (const char* value : {"PR1VATE is not JSON",                            //
                              R"({"order":{"id":1,"PR1VATE":1,"PR1VATE":2}})",  //
                              R"({"order":{"PR1VATE":1}})",                     //
                              R"({"order":{"id":PR1VATE}})",                    //
                              R"({"order":{"id":01,"a":"PR1VATE"}})",           //
                              R"({"order":{"id":"\PR1VATE"}})",                 //
                              R"({"order":{"id":"PR1VATE)",                     //
                              R"({"order":{"id":"PR1VATE"}} PR1VATE)",          //
                              "{\"order\":{\"id\":\"PR1VATE\xff\"}}",           //
                              "[\"PR1VATE\""}) {
      records.push_back(marked(value));
    }
    return records;
  }

  static void expect_hidden(const std::string& where, const std::string& text) {
    EXPECT_NE(text, "") << where;
    EXPECT_EQ(text.find(mark), std::string::npos) << where << ": " << text;
  }
  void expect_hidden_by(const Program& daemon) const {
    expect_hidden("log", daemon.log());
    expect_hidden("status", test::run(command("status")).out);
    expect_hidden("status --json", test::run(command("status", {"--json"})).out);
  }
};

TEST_F(PayloadSecrecy, HoldsForRejectsDuplicatesAndMessagesThatTheBrokerRefuses) {
  constexpr std::int16_t produce_request = 0;
  for (const char* topic : {"bad", "again"}) ASSERT_TRUE(cluster_->create_topic(topic, 2));
  scene_->configure("rejects: {route: topic, topic: bad}\nduplicates: {route: topic, topic: again}\n",
                    "payload:/order/id", "{listen: \"127.0.0.1:0\"}");
  std::vector<Record> records = rejected();
  const std::size_t bad = records.size();
  for (int turn = 0; turn < 3; ++turn) records.push_back(marked(R"({"order":{"id":"PR1VATE"}})"));
  write("in", records);
  cluster_->fail_next(produce_request, std::vector<rd_kafka_resp_err_t>{RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE});
  Program daemon(command("run"));
  ASSERT_TRUE(counts("consumed", records.size())) << daemon.log();
  const Json counters = status()["counters"];
  EXPECT_GE(counters["rejected"], bad) << "and what was refused, if it was alone in its request";
  EXPECT_GE(counters["duplicates"], 1);
  EXPECT_NE(daemon.log().find("aborting the batch"), std::string::npos) << "one was refused: " << daemon.log();
  expect_hidden_by(daemon);
  expect_hidden("top", test::run(command("top", {"--once"})).out);
  const std::string pages = log_address(daemon, "metrics, status and probes at http://");
  for (const char* page : {"/status", "/status.json", "/metrics", "/readyz"}) {
    expect_hidden(page, http::test::get(pages, page).body);
  }
  daemon.signal(SIGTERM);
  expect_hidden("log", daemon.wait().err);
}

TEST_F(PayloadSecrecy, HoldsForEachMessageAtWhichAPartitionStops) {
  const std::vector<Record> records = rejected();
  write("in", records);
  Program daemon(command("run"));
  for (std::size_t offset = 0; offset < records.size(); ++offset) {
    const std::string at = "offset " + std::to_string(offset) + " is rejected";
    ASSERT_TRUE(eventually([&] {
      const Json now = status();
      return now.is_object() && std::ranges::any_of(now["partitions"], [&](const Json& one) {
               return one["reason"].get<std::string>().find(at) != std::string::npos;
             });
    })) << at
        << ": " << daemon.log();
    expect_hidden_by(daemon);
    const Finished skipped = test::run(command("skip", {"in", "0", std::to_string(offset)}));
    ASSERT_EQ(skipped.status, 0) << skipped.err;
    expect_hidden("skip", skipped.out);
  }
}

}  // namespace
}  // namespace firstseen::test
