#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "component/daemon/program.h"
#include "component/daemon/scene.h"
#include "component/kafka/fixture.h"

namespace firstseen::test {
namespace {

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

  Json status() const {
    const Finished finished = test::run(command("status", {"--json"}));
    return Json::parse(finished.out, nullptr, false);
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

TEST_F(Daemon, PublishesEachOrderOnceAndStopsCleanlyOnSigterm) {
  write("in", orders(50, 3));
  Program daemon(command("run"));
  ASSERT_TRUE(counts("consumed", 150)) << daemon.log();
  EXPECT_EQ(status()["counters"]["duplicates"], 100);
  EXPECT_EQ(test::run(command("status")).status, 0) << "running and every partition served";
  daemon.signal(SIGTERM);
  const Finished finished = daemon.wait(std::chrono::seconds(10));
  EXPECT_EQ(finished.status, 0) << finished.err;

  const auto published = contents("out", 50);
  ASSERT_EQ(published.size(), 50U);
  for (const Record& record : published) {
    const auto sent = orders(50, 1);
    EXPECT_TRUE(std::ranges::any_of(sent, [&](const Record& one) { return same_content(one, record); }));
  }
  EXPECT_FALSE(std::filesystem::exists(scene_->socket()));
}

TEST_F(Daemon, KnowsAfterARestartWhatItHasSeen) {
  for (const int times : {1, 2}) {
    write("in", orders(20, times));
    Program daemon(command("run"));
    ASSERT_TRUE(state("running")) << daemon.log();
    ASSERT_TRUE(counts("consumed", static_cast<std::uint64_t>(times) * 20)) << daemon.log();
    EXPECT_EQ(status()["counters"]["first_seen"], times == 1 ? 20 : 0) << daemon.log();
    daemon.signal(SIGTERM);
    ASSERT_EQ(daemon.wait().status, 0);
  }
}

TEST_F(Daemon, KeepsItsStoreAloneAndTellsASecondOneToTryAgain) {
  Program daemon(command("run"));
  ASSERT_TRUE(state("running")) << daemon.log();
  const Finished second = test::run(command("run"));
  EXPECT_EQ(second.status, 75);
  EXPECT_NE(second.err.find("held by another process"), std::string::npos) << second.err;
  EXPECT_TRUE(daemon.running());
  EXPECT_EQ(status()["state"], "running") << "its socket is still there";
}

TEST_F(Daemon, WaitsForABrokerThatComesLater) {
  ASSERT_TRUE(cluster_->set_down(true));
  Program daemon(command("run"));
  ASSERT_TRUE(state("starting")) << daemon.log();
  EXPECT_EQ(test::run(command("status")).status, 75);
  ASSERT_TRUE(cluster_->set_down(false));
  write("in", orders(10, 2));
  EXPECT_TRUE(counts("consumed", 20)) << daemon.log();
}

TEST_F(Daemon, StopsCleanlyWhileItWaitsForABroker) {
  ASSERT_TRUE(cluster_->set_down(true));
  Program daemon(command("run"));
  ASSERT_TRUE(state("starting")) << daemon.log();
  daemon.signal(SIGTERM);
  EXPECT_EQ(daemon.wait(std::chrono::seconds(10)).status, 0);
}

TEST_F(Daemon, LeavesWithinTenSecondsWhenTheBrokerIsGone) {
  Program daemon(command("run"));
  ASSERT_TRUE(state("running")) << daemon.log();
  ASSERT_TRUE(cluster_->set_down(true));
  daemon.signal(SIGTERM);
  EXPECT_EQ(daemon.wait(std::chrono::seconds(10)).status, 0) << daemon.log();
}

TEST_F(Daemon, LeavesAtOnceOnASecondSignal) {
  Program daemon(command("run"));
  ASSERT_TRUE(state("running")) << daemon.log();
  daemon.signal(SIGSTOP);  // so that both signals are there before it can answer the first
  daemon.signal(SIGTERM);
  daemon.signal(SIGINT);
  daemon.signal(SIGCONT);
  EXPECT_EQ(daemon.wait(std::chrono::seconds(10)).status, 75) << daemon.log();
  Program next(command("run"));
  EXPECT_TRUE(state("running")) << "the socket it left behind is replaced: " << next.log();
}

TEST_F(Daemon, IgnoresSighup) {
  Program daemon(command("run"));
  ASSERT_TRUE(state("running")) << daemon.log();
  daemon.signal(SIGHUP);
  EXPECT_TRUE(eventually([&] { return daemon.log().find("SIGHUP") != std::string::npos; }));
  EXPECT_EQ(status()["state"], "running");
}

TEST_F(Daemon, DiesAtTheStepThatTheEnvironmentNames) {
  write("in", orders(10, 1));
  Program daemon(command("run"), {{"FIRSTSEEN_CRASH_AT", "prepared"}});
  const Finished finished = daemon.wait();
  EXPECT_EQ(finished.status, 128 + SIGKILL) << finished.err;
  EXPECT_NE(finished.err.find("FIRSTSEEN_CRASH_AT"), std::string::npos) << finished.err;
}

TEST_F(Daemon, NamesTheTopicsThatAreMissing) {
  const Scene scene(cluster_->brokers(), "in", "nowhere");
  const Finished finished = test::run({"run", "-c", scene.config()});
  EXPECT_EQ(finished.status, 78) << finished.err;
  EXPECT_NE(finished.err.find("nowhere"), std::string::npos) << finished.err;
}

TEST_F(Daemon, StopsAtARejectedMessageAndSkipsItOnRequest) {
  Record broken = order(0, 1);
  broken.value = "not JSON";
  write("in", {order(0, 0), broken, order(0, 2)});
  Program daemon(command("run"));
  ASSERT_TRUE(eventually([&] {
    const Json now = status();
    if (!now.is_object()) return false;
    return std::ranges::any_of(now["partitions"], [](const Json& p) { return p["mode"] == "stopped"; });
  })) << daemon.log();
  const Finished told = test::run(command("status"));
  EXPECT_EQ(told.status, 75);
  EXPECT_NE(told.out.find("in[0]"), std::string::npos) << told.out;
  EXPECT_EQ(test::run(command("skip", {"in", "0", "2"})).status, 65) << "not the offset at which it stopped";
  const Finished skipped = test::run(command("skip", {"in", "0", "1"}));
  EXPECT_EQ(skipped.status, 0) << skipped.err;
  EXPECT_TRUE(counts("first_seen", 2)) << daemon.log();
  EXPECT_EQ(status()["counters"]["rejected"], 1);
}

TEST_F(Daemon, PublishesAKeyAgainOnceItWasAskedToForgetIt) {
  write("in", {order(0, 5)});
  Program daemon(command("run"));
  ASSERT_TRUE(counts("first_seen", 1)) << daemon.log();
  const Finished forgotten = test::run({"store", "forget", "-c", scene_->config(), "--message", "-"}, {},
                                       R"({"topic":"in","value":{"order":{"id":5}}})");
  ASSERT_EQ(forgotten.status, 0) << forgotten.err;
  write("in", {order(0, 5), order(0, 5)});
  ASSERT_TRUE(counts("consumed", 3)) << daemon.log();
  EXPECT_EQ(status()["counters"]["first_seen"], 2);
  const Finished found = test::run({"store", "lookup", "-c", scene_->config(), "--message", "-", "--json"}, {},
                                   R"({"topic":"in","value":{"order":{"id":5}}})");
  EXPECT_EQ(Json::parse(found.out)["entries"].size(), 3U) << "beside the running daemon: " << found.out;
}

TEST_F(Daemon, GoesOnWhereThePrimedHistoryEnds) {
  write("in", orders(30, 2));
  const Finished primed = test::run({"store", "prime", "-c", scene_->config(), "--until", "end", "--json"});
  ASSERT_EQ(primed.status, 0) << primed.err;
  EXPECT_EQ(Json::parse(primed.out)["messages"], 60);
  write("in", orders(40, 1));
  Program daemon(command("run"));
  ASSERT_TRUE(counts("consumed", 40)) << daemon.log();
  const Json counters = status()["counters"];
  EXPECT_EQ(counters["first_seen"], 10);
  EXPECT_EQ(counters["rebuilt"], 0) << "nothing is read twice";
  EXPECT_EQ(contents("out", 10).size(), 10U);
}

TEST_F(Daemon, LogsJsonLinesWhenAsked) {
  scene_->configure("log: {format: json}\n");
  Program daemon(command("run"));
  ASSERT_TRUE(state("running")) << daemon.log();
  daemon.signal(SIGTERM);
  const Finished finished = daemon.wait();
  std::size_t lines = 0;
  for (std::size_t begin = 0; begin < finished.err.size(); ++lines) {
    const std::size_t end = finished.err.find('\n', begin);
    ASSERT_NE(end, std::string::npos);
    const Json line = Json::parse(finished.err.substr(begin, end - begin), nullptr, false);
    EXPECT_TRUE(line.is_object() && line.contains("time") && line.contains("level") && line.contains("message"));
    begin = end + 1;
  }
  EXPECT_GT(lines, 3U);
}

}  // namespace
}  // namespace firstseen::test
