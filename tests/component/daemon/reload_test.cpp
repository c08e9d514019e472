#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <string>

#include "component/daemon/daemon.h"
#include "component/daemon/log_address.h"
#include "component/http/client.h"
#include "support/metrics_text.h"

// `firstseen reload`: the file is read again, and all of it holds or nothing.

namespace firstseen::test {
namespace {

class Reload : public Daemon {
 protected:
  static constexpr const char* by_http = "{listen: \"127.0.0.1:0\"}";

  void configure(const std::string& more, const std::string& http = "{listen: \"\"}") const {
    scene_->configure(more, "payload:/order/id", http);
  }
  [[nodiscard]] Finished reload() const { return test::run(command("reload")); }
  void expect_reloaded(const std::string& changed) const {
    const Finished finished = reload();
    EXPECT_EQ(finished.status, 0) << finished.err;
    EXPECT_EQ(finished.out, "the configuration has changed: " + changed + "\n");
  }
  void expect_refused(int status, const std::string& text) const {
    const Finished finished = test::run({"reload", "--store", scene_->store()});  // so that it is the daemon that reads
    EXPECT_EQ(finished.status, status) << finished.err;
    EXPECT_NE(finished.err.find(text), std::string::npos) << finished.err;
    EXPECT_EQ(finished.out, "");
  }
  /// Asked by the store, since the file is broken now.
  [[nodiscard]] Json status_by_store() const {
    return Json::parse(test::run({"status", "--json", "--store", scene_->store()}).out, nullptr, false);
  }
  static std::string address(const Program& daemon, const std::string& pages, int count = 1) {
    return log_address(daemon, pages + " at http://", count);
  }
};

TEST_F(Reload, OfAFileThatIsAsItWasChangesNothing) {
  Program daemon(command("run"));
  ASSERT_TRUE(state("running")) << daemon.log();
  const Json before = status()["configuration"];
  const Finished finished = reload();
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_EQ(finished.out, "the configuration is as it was\n");
  EXPECT_EQ(status()["configuration"], before);
  EXPECT_EQ(before["file"], scene_->config());
}

TEST_F(Reload, ChangesWhatTheFileSaysAndTellsWhat) {
  write("in", orders(10, 1));
  Program daemon(command("run"));
  ASSERT_TRUE(counts("consumed", 10)) << daemon.log();
  const Json before = status()["configuration"];
  configure("window: {ttl: 1h}\nlog: {format: json, level: debug}\n");
  expect_reloaded("window.ttl, log.level, log.format");
  EXPECT_TRUE(eventually([&] {
    return daemon.log().find(R"("message":"the configuration has changed: window.ttl)") != std::string::npos;
  })) << "the log is JSON now: "
      << daemon.log();
  EXPECT_TRUE(eventually([&] { return status()["configured_window_ms"] == 3'600'000; })) << status();
  const Json after = status()["configuration"];
  EXPECT_NE(after["fingerprint"], before["fingerprint"]);
  EXPECT_GE(after["loaded_at_ms"], before["loaded_at_ms"]);
  write("in", orders(20, 1));
  ASSERT_TRUE(counts("consumed", 30)) << daemon.log();
  EXPECT_EQ(status()["counters"]["first_seen"], 20) << "and the keys are known as before";
  EXPECT_EQ(status()["counters"]["restarts"], 0);
}

TEST_F(Reload, IsWhatSighupDoes) {
  Program daemon(command("run"));
  ASSERT_TRUE(state("running")) << daemon.log();
  configure("window: {ttl: 2h}\n");
  daemon.signal(SIGHUP);
  EXPECT_TRUE(eventually([&] { return daemon.log().find("has changed: window.ttl") != std::string::npos; }))
      << daemon.log();
  configure("window: {ttl: sometimes}\n");
  daemon.signal(SIGHUP);
  EXPECT_TRUE(eventually([&] {
    const std::string log = daemon.log();
    return log.find("was not reloaded") != std::string::npos &&
           log.find("firstseen.yaml:7:15: window.ttl") != std::string::npos;
  })) << daemon.log();
  EXPECT_TRUE(eventually([&] { return status_by_store()["configured_window_ms"] == 7'200'000; })) << daemon.log();
}

TEST_F(Reload, OfAFileWithMistakesTellsEachWithItsPlaceAndChangesNothing) {
  Program daemon(command("run"));
  ASSERT_TRUE(state("running")) << daemon.log();
  configure("window: {ttl: sometimes}\nlog: {level: loud}\n");
  const Finished finished = reload();
  EXPECT_EQ(finished.status, 78);
  EXPECT_NE(finished.err.find("firstseen.yaml:7:15: window.ttl"), std::string::npos) << finished.err;
  EXPECT_NE(finished.err.find("firstseen.yaml:8:"), std::string::npos) << finished.err;
  expect_refused(78, "firstseen.yaml:7:15: window.ttl");
  configure("log: [\n");
  expect_refused(78, "firstseen.yaml:");
  EXPECT_EQ(status_by_store()["state"], "running");
  EXPECT_EQ(status_by_store()["configured_window_ms"], 86'400'000);
}

TEST_F(Reload, ThatNeedsARestartNamesTheOptionsAndChangesNothingElseEither) {
  Program daemon(command("run"));
  ASSERT_TRUE(state("running")) << daemon.log();
  configure("window: {ttl: 1h, max_skew: 1m}\ndelivery: {max_batch: 10}\nlog: {format: json}\n");
  expect_refused(78, "window.max_skew, delivery.max_batch.");
  EXPECT_EQ(status()["configured_window_ms"], 86'400'000) << "all or nothing";
  EXPECT_EQ(daemon.log().find("\"level\""), std::string::npos) << daemon.log();
  configure("window: {ttl: 1h}\n");
  expect_reloaded("window.ttl");
}

TEST_F(Reload, ReadsTheTokenAgain) {
  const std::string file = scene_->config() + ".token";
  std::ofstream(file) << "first\n";
  configure("", "{listen: \"127.0.0.1:0\", token_file: " + file + "}");
  Program daemon(command("run"));
  const std::string at = address(daemon, "metrics, status and probes");
  ASSERT_NE(at, "") << daemon.log();
  ASSERT_TRUE(state("running")) << daemon.log();
  const auto answer = [&](const std::string& token) {
    return http::test::get(at, "/metrics", "Authorization: Bearer " + token + "\r\n");
  };
  EXPECT_EQ(answer("first").status, 200);
  std::ofstream(file) << "second\n";
  const Finished renewed = reload();
  EXPECT_EQ(renewed.status, 0) << renewed.err;
  EXPECT_EQ(renewed.out, "the configuration is as it was; read again, and new: http.token_file\n");
  EXPECT_EQ(answer("first").status, 401);
  EXPECT_EQ(answer("second").status, 200);
  std::ofstream(file) << "two words\n";
  expect_refused(78, "http.token_file");
  const auto samples = read_metrics(answer("second").body);
  EXPECT_EQ(samples.at("firstseen_config_reloads_total{outcome=\"applied\"}"), 1) << "a file has";
  EXPECT_EQ(samples.at("firstseen_config_reloads_total{outcome=\"unchanged\"}"), 0);
  EXPECT_EQ(samples.at("firstseen_config_reloads_total{outcome=\"refused\"}"), 1);
}

TEST_F(Reload, MovesThePagesAndKeepsThemWhereTheyWereWhenThePortIsInUse) {
  configure("", by_http);
  Program daemon(command("run"));
  const std::string first = address(daemon, "metrics, status and probes");
  ASSERT_NE(first, "") << daemon.log();
  ASSERT_TRUE(state("running")) << daemon.log();
  const Scene other(cluster_->brokers(), "in", "out");
  other.configure("", "payload:/order/id", by_http);
  Program second({"run", "-c", other.config()});
  const std::string taken = address(second, "metrics, status and probes");
  ASSERT_NE(taken, "") << second.log();
  configure("", "{listen: \"" + taken + "\"}");
  expect_refused(75, "http.listen: " + taken + " is in use");
  EXPECT_EQ(http::test::get(first, "/livez").status, 200);

  configure("", "{listen: \"127.0.0.1:0\", probe_listen: \"127.0.0.1:0\"}");
  expect_reloaded("http.probe_listen");
  const std::string probes = address(daemon, "probes", 2);
  EXPECT_EQ(http::test::get(probes, "/livez").status, 200) << daemon.log();
  EXPECT_EQ(http::test::get(first, "/livez").status, 404) << "they have a listener of their own now";
  EXPECT_EQ(http::test::get(first, "/metrics").status, 200);
}

TEST_F(Reload, ThatMovesAPortOfTheDaemonsOwnIsRefusedByThatReasonAndChangesNothing) {
  configure("", by_http);
  Program daemon(command("run"));
  const std::string held = address(daemon, "metrics, status and probes");
  ASSERT_NE(held, "") << daemon.log();
  ASSERT_TRUE(state("running")) << daemon.log();
  const std::string why = "this daemon itself has " + held + " (http.listen until now)";
  configure("", "{listen: \"localhost:0\", probe_listen: \"" + held + "\"}");
  expect_refused(78, "http.probe_listen: " + why);
  configure("", "{listen: \"0.0.0.0" + held.substr(held.rfind(':')) + "\"}");
  expect_refused(78, "http.listen: " + why);
  EXPECT_EQ(http::test::get(held, "/livez").status, 200);
}

TEST_F(Reload, ThatBeginsToAnswerHttpNeedsARestart) {
  Program daemon(command("run"));
  ASSERT_TRUE(state("running")) << daemon.log();
  configure("", by_http);
  expect_refused(78, "http.listen");
}

TEST_F(Reload, OfTheRejectsRouteLetsAStoppedPartitionGoOn) {
  Record broken = order(0, 1);
  broken.value = "not JSON";
  write("in", {order(0, 0), broken, order(0, 2)});
  Program daemon(command("run"));
  const auto stopped = [&] {
    const Json now = status();
    return now.is_object() &&
           std::ranges::any_of(now["partitions"], [](const Json& p) { return p["mode"] == "stopped"; });
  };
  ASSERT_TRUE(eventually(stopped)) << daemon.log();
  configure("rejects: {route: topic, topic: broken}\n");
  expect_refused(78, "broken");
  EXPECT_TRUE(stopped()) << "there is no such topic";
  ASSERT_TRUE(cluster_->create_topic("broken", 1));
  expect_reloaded("rejects.route, rejects.topic");
  ASSERT_TRUE(counts("consumed", 3)) << daemon.log();
  EXPECT_EQ(status()["counters"]["rejected"], 1);
  EXPECT_EQ(contents("out", 2).size(), 2U);
}

TEST_F(Reload, OfASideTopicDoesNotAskForTheOutputsThatTheDaemonWaitsFor) {
  scene_ = std::make_unique<Scene>(cluster_->brokers(), "\"^in[0-9]*$\"", "\"{topic}.unique\"");
  ASSERT_TRUE(cluster_->create_topic("in.unique", 2));
  ASSERT_TRUE(cluster_->create_topic("broken", 1));
  Program daemon(command("run"));
  ASSERT_TRUE(state("running")) << daemon.log();
  ASSERT_TRUE(cluster_->create_topic("in2", 1));  // and no in2.unique
  configure("rejects: {route: topic, topic: broken}\n");
  expect_reloaded("rejects.route, rejects.topic");
}

TEST_F(Reload, WithoutADaemonIsUnavailable) { EXPECT_EQ(reload().status, 69); }

}  // namespace
}  // namespace firstseen::test
