#include <gtest/gtest.h>

#include <csignal>

#include "component/daemon/daemon.h"

// key.rules in the program: different keys and windows for different messages of one topic.

namespace firstseen::test {
namespace {

constexpr std::int64_t minute = 60'000;

class DaemonWithRules : public Daemon {
 protected:
  void SetUp() override {
    Daemon::SetUp();
    configure("5m", "24h");
  }

  void configure(const std::string& call_ttl, const std::string& payment_ttl) const {
    scene_->configure_key(
        "{rules: [{name: calls, when: {part: \"header:kind\", prefix: call}, fields: [record_key], ttl: " + call_ttl +
        "}, {name: payments, when: {part: \"header:kind\", matches: \"pay(ment)?\"}, "
        "fields: [\"payload:/id\"], ttl: " +
        payment_ttl + "}]}");
  }

  /// A message of a kind, so many minutes after the first one.
  static Record message(const std::string& kind, int id, std::int64_t minutes) {
    Record record = order(0, id);
    record.timestamp_ms = 1'700'000'000'000 + minutes * minute;
    record.value = R"({"id":)" + std::to_string(id) + "}";
    record.headers = {{"kind", kind}};
    return record;
  }
};

TEST_F(DaemonWithRules, RemembersEachKindOfMessageForItsOwnTime) {
  write("in", {message("call", 1, 0), message("payment", 1, 0), message("call", 1, 1), message("payment", 1, 1),
               message("call", 1, 10), message("payment", 1, 10)});
  Program daemon(command("run"));
  ASSERT_TRUE(counts("consumed", 6)) << daemon.log();
  const Json shown = status();
  EXPECT_EQ(shown["counters"]["first_seen"], 3) << "the call again after ten minutes";
  EXPECT_EQ(shown["counters"]["duplicates"], 3);
  ASSERT_EQ(shown["windows"].size(), 2U);
  EXPECT_EQ(shown["windows"][0]["rules"], Json::array({"calls"}));
  EXPECT_EQ(shown["windows"][0]["configured_ms"], std::int64_t{5} * minute);
  EXPECT_EQ(shown["windows"][1]["configured_ms"], std::int64_t{24} * 60 * minute);
  daemon.signal(SIGTERM);
  ASSERT_EQ(daemon.wait().status, 0);

  const Json stats = Json::parse(store_command("stats").out);
  EXPECT_EQ(stats["format"], 2);
  EXPECT_EQ(stats["windows"][1]["live_entries"], 1);
  EXPECT_EQ(store_command("verify").status, 0);
}

TEST_F(DaemonWithRules, KeepsItsStoreWhenATtlChangesAndRefusesOtherRules) {
  for (const bool again : {false, true}) {
    if (again) configure("30m", "10y");
    write("in", {message("call", 1, 10), message("payment", 1, 10)});
    Program daemon(command("run"));
    ASSERT_TRUE(counts("consumed", 2)) << daemon.log();
    EXPECT_EQ(status()["counters"]["first_seen"], again ? 0 : 2) << daemon.log();
    daemon.signal(SIGTERM);
    ASSERT_EQ(daemon.wait().status, 0);
  }
  scene_->configure_key("{rules: [{name: calls, fields: [record_key]}]}");
  const Finished other = test::run(command("run"));
  EXPECT_EQ(other.status, 78);
  EXPECT_NE(other.err.find("was made for another configuration"), std::string::npos) << other.err;
}

TEST_F(DaemonWithRules, StopsAtAMessageThatNoRuleIsForAndSaysSo) {
  write("in", {message("call", 1, 0), message("parcel", 2, 0), message("call", 3, 0)});
  Program daemon(command("run"));
  ASSERT_TRUE(eventually([&] { return daemon.log().find("no_rule") != std::string::npos; })) << daemon.log();
  EXPECT_EQ(test::run({"skip", "-c", scene_->config(), "in", "0", "1"}).status, 0);
  ASSERT_TRUE(counts("consumed", 3)) << daemon.log();
  EXPECT_EQ(status()["counters"]["rejected"], 1);
}

TEST_F(DaemonWithRules, ForgetsAKeyWhicheverRuleMadeIt) {
  write("in", {message("payment", 1, 0)});
  Program daemon(command("run"));
  ASSERT_TRUE(counts("first_seen", 1)) << daemon.log();
  const Finished forgotten = test::run({"store", "forget", "-c", scene_->config(), "--message", "-"}, {},
                                       R"({"topic":"in","headers":[["kind","pay"]],"value":{"id":1}})");
  ASSERT_EQ(forgotten.status, 0) << forgotten.err;
  write("in", {message("payment", 1, 0), message("payment", 1, 0)});
  ASSERT_TRUE(counts("consumed", 3)) << daemon.log();
  EXPECT_EQ(status()["counters"]["first_seen"], 2);
}

TEST_F(DaemonWithRules, ExplainsWhichRuleFitsAndWhyNoOtherDoes) {
  const std::string text = R"({"topic":"in","headers":[["kind","payment"]],"value":{"id":1}})";
  const Finished explained = test::run(command("explain", {"--json"}), {}, text);
  ASSERT_EQ(explained.status, 0) << explained.err;
  const Json json = Json::parse(explained.out);
  ASSERT_EQ(json["rules"].size(), 2U);
  EXPECT_EQ(json["rules"][0]["fits"], false);
  EXPECT_EQ(json["rules"][0]["condition"], "header:kind begins with \"call\": \"payment\"");
  EXPECT_EQ(json["rules"][1]["fits"], true);
  EXPECT_EQ(json["rules"][1]["rule"], "payments");
  const Finished plain = test::run(command("explain"), {}, text);
  EXPECT_NE(plain.out.find("rule      payments\n  fits"), std::string::npos) << plain.out;
}

}  // namespace
}  // namespace firstseen::test
