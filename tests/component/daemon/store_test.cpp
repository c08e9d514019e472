#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>
#include <utility>

#include "component/daemon/daemon.h"

// The commands that look into a store, fill it or make it forget, beside a running daemon and before one.

namespace firstseen::test {
namespace {

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

TEST_F(Daemon, ListsItsKeysWithTheirFirstMessagesAndWhatWasForgotten) {
  write("in", orders(3, 2));
  Program daemon(command("run"));
  ASSERT_TRUE(counts("consumed", 6)) << daemon.log();
  const Json keys = Json::parse(store_command("list").out);
  ASSERT_EQ(keys.size(), 3U) << keys;
  for (const Json& key : keys) {
    EXPECT_EQ(key.at("kind"), "seen");
    EXPECT_EQ(key.at("topic"), "in");
    EXPECT_LT(key.at("offset"), 2) << "of its first message: " << key;
  }
  const std::string digest = keys[0].at("digest");
  const Json done = Json::parse(
      test::run({"store", "forget", "-c", scene_->config(), "--digest", digest, "--json"}).out, nullptr, false);
  EXPECT_EQ(done.value("forgotten", false), true) << done;
  ASSERT_TRUE(eventually([&] { return Json::parse(store_command("list").out).size() == 4U; })) << daemon.log();
  const Finished shown = test::run({"store", "list", "-c", scene_->config(), "--prefix", digest});
  const std::string first = fmt::format("{}  in[{}] offset {}\n", digest, keys[0].at("partition").get<int>(),
                                        keys[0].at("offset").get<int>());
  EXPECT_NE(shown.out.find(first), std::string::npos) << shown.out << "lacks " << first;
  EXPECT_NE(shown.out.find(digest + "  -\n"), std::string::npos) << shown.out;
}

TEST_F(Daemon, KeepsNothingLongerForAForgottenKeyWhileTheStreamIsYearsBehind) {
  write("in", orders(4, 1));
  Program daemon(command("run"));
  ASSERT_TRUE(counts("consumed", 4)) << daemon.log();
  const auto stats = [&] { return Json::parse(store_command("stats").out, nullptr, false); };
  const std::int64_t newest = order(0, 3).timestamp_ms;
  ASSERT_EQ(stats().at("newest_time_ms"), newest);
  const Finished by_daemon = store_command("forget", R"({"topic":"in","value":{"order":{"id":0}}})");
  ASSERT_EQ(by_daemon.status, 0) << by_daemon.err;
  daemon.signal(SIGTERM);
  ASSERT_EQ(daemon.wait().status, 0) << daemon.log();
  const Finished alone = store_command("forget", R"({"topic":"in","value":{"order":{"id":1}}})");
  ASSERT_EQ(alone.status, 0) << alone.err;
  EXPECT_EQ(stats().at("live_entries"), 6) << "two tombstones";
  EXPECT_EQ(stats().at("newest_time_ms"), newest) << "what stands behind a later one could not leave before it";
}

TEST_F(Daemon, TellsWhatAKeyTakesInMemoryAsLongAsItRunsAndTheSavedIndexAfterwards) {
  write("in", orders(100, 1));
  Program daemon(command("run"));
  ASSERT_TRUE(counts("consumed", 100)) << daemon.log();
  const auto stats = [&] { return Json::parse(store_command("stats").out, nullptr, false); };
  EXPECT_EQ(stats().at("index_bytes_from"), "daemon") << stats();
  EXPECT_TRUE(eventually([&] { return stats().at("index_bytes") == status()["store"]["index_bytes"]; })) << stats();
  daemon.signal(SIGTERM);
  ASSERT_EQ(daemon.wait().status, 0) << daemon.log();
  EXPECT_EQ(stats().at("index_bytes_from"), "saved") << stats();
  EXPECT_GT(stats().at("index_bytes_per_key"), 0) << stats();
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

TEST_F(Daemon, GoesOnBehindWhatWasTooOldToBePrimed) {
  scene_->configure("window: {clock: wall_clock_time}\n");
  write("in", orders(30, 1));  // of years ago
  const Finished primed = test::run({"store", "prime", "-c", scene_->config(), "--until", "end", "--json"});
  ASSERT_EQ(primed.status, 0) << primed.err;
  EXPECT_EQ(Json::parse(primed.out)["messages"], 0);
  EXPECT_EQ(Json::parse(primed.out)["partitions"], 2);
  write("in", {order(0, 100), order(1, 101)});
  Program daemon(command("run"));
  ASSERT_TRUE(counts("consumed", 2)) << daemon.log();
  EXPECT_EQ(contents("out", 2).size(), 2U);
  const Json partitions = status()["partitions"];
  for (const Json& partition : partitions) EXPECT_EQ(partition["next_offset"], 16) << partition;
}

TEST(Prime, InterruptedWhileNoBrokerAnswersSaysThatItWas) {
  const Scene scene;
  Program priming({"store", "prime", "-c", scene.config()});
  ASSERT_TRUE(eventually([&] { return priming.log().find("waiting for a broker") != std::string::npos; }))
      << priming.log();
  priming.signal(SIGTERM);
  const Finished finished = priming.wait();
  EXPECT_EQ(finished.status, 75) << finished.err;
  EXPECT_NE(finished.err.find("interrupted"), std::string::npos) << finished.err;
}

TEST_F(Daemon, LetsOtherProcessesLookIntoItsStoreWhileItWrites) {
  write("in", orders(500, 2));
  Program daemon(command("run"));
  ASSERT_TRUE(counts("consumed", 1000)) << daemon.log();
  for (int id = 1000; id < 1100; id += 10) {
    write("in", {order(0, id)});
    const Finished verified = store_command("verify");
    EXPECT_EQ(verified.status, 0) << verified.out << verified.err;
    EXPECT_TRUE(Json::parse(verified.out)["sound"]);
    const Finished stats = store_command("stats");
    EXPECT_EQ(stats.status, 0) << stats.err;
    EXPECT_GE(Json::parse(stats.out)["live_entries"], 500);
    const Finished found = store_command("lookup", R"({"topic":"in","value":{"order":{"id":7}}})");
    EXPECT_EQ(found.status, 0) << found.err;
    EXPECT_EQ(Json::parse(found.out)["entries"].size(), 1U) << found.out;
  }
  EXPECT_TRUE(counts("first_seen", 510)) << daemon.log();
  EXPECT_TRUE(eventually([&] { return Json::parse(store_command("stats").out)["live_entries"] == 510; }))
      << "what is prepared is seen from outside";
  daemon.signal(SIGTERM);
  EXPECT_EQ(daemon.wait().status, 0) << daemon.log();
}

TEST_F(Daemon, GoesOnWhereTheGroupsOffsetsWereWhenTheStoreWasPrimedUpToThem) {
  write("in", orders(30, 1));
  commit("scene", {{{"in", 0}, 10}, {{"in", 1}, 5}});
  const Finished primed = test::run({"store", "prime", "-c", scene_->config(), "--until", "committed", "--json"});
  ASSERT_EQ(primed.status, 0) << primed.err;
  EXPECT_EQ(Json::parse(primed.out)["messages"], 15);
  write("in", orders(30, 1));
  Program daemon(command("run"));
  ASSERT_TRUE(counts("consumed", 45)) << daemon.log();
  const Json counters = status()["counters"];
  EXPECT_EQ(counters["first_seen"], 15) << "those behind the committed offsets, once";
  EXPECT_EQ(counters["rebuilt"], 0) << "nothing is read twice";
}

TEST_F(Daemon, PrimesNothingUpToTheOffsetsOfAGroupThatHasNone) {
  write("in", orders(30, 1));
  const Finished primed = test::run({"store", "prime", "-c", scene_->config(), "--json"});
  EXPECT_EQ(primed.status, 0) << primed.err;
  EXPECT_EQ(Json::parse(primed.out)["messages"], 0);
  EXPECT_NE(primed.err.find("in[1]: the group has no committed offset"), std::string::npos) << primed.err;
}

TEST_F(Daemon, RefusesAWordThatIsNoEndOfHistory) {
  for (const char* word : {"now", "-1", "1e3", "99999999999999999999", ""}) {
    const Finished refused = test::run({"store", "prime", "-c", scene_->config(), "--until", word});
    EXPECT_EQ(refused.status, 64) << word;
    EXPECT_NE(refused.err.find("--until"), std::string::npos) << refused.err;
  }
}

}  // namespace
}  // namespace firstseen::test
