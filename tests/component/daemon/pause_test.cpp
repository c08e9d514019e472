#include <gtest/gtest.h>

#include <csignal>

#include "component/daemon/daemon.h"
#include "control/client.h"

// `firstseen pause` and `resume`, as somebody types them; what they do to a slot is tests/unit/simulation's.

namespace firstseen::test {
namespace {

TEST_F(Daemon, PausesUntilItIsToldToGoOnAndSaysWhoAskedAndWhy) {
  write("in", orders(20, 2));
  Program daemon(command("run"));
  ASSERT_TRUE(counts("consumed", 40)) << daemon.log();
  const Finished paused = test::run(command("pause", {"--reason", "new disks"}), {{"SUDO_USER", "alice"}});
  ASSERT_EQ(paused.status, 0) << paused.err;
  const Json now = status();
  EXPECT_EQ(now["state"], "paused") << "as soon as the command has returned";
  EXPECT_EQ(now["paused"]["by"], "alice: new disks");
  EXPECT_EQ(now["paused"]["drained"], true);
  EXPECT_GT(now["paused"]["since_ms"], 1'700'000'000'000);
  EXPECT_EQ(now["partitions"].size(), 2U);
  const auto detail = now["detail"].get<std::string>();
  EXPECT_NE(detail.find("`firstseen resume --store " + scene_->store() + "` goes on"), std::string::npos) << detail;
  const Finished told = test::run(command("status"));
  EXPECT_EQ(told.status, 75) << "it does not do its work";
  EXPECT_NE(told.out.find("by alice: new disks"), std::string::npos) << told.out;
  EXPECT_TRUE(eventually([&] { return daemon.log().find("alice: new disks") != std::string::npos; })) << daemon.log();

  const Finished again = test::run(command("pause"), {{"SUDO_USER", "bob"}});
  EXPECT_EQ(again.status, 0) << again.err;
  EXPECT_NE(again.out.find("alice"), std::string::npos) << again.out;
  write("in", orders(30, 1));
  EXPECT_EQ(test::run(command("resume")).status, 0);
  ASSERT_TRUE(counts("consumed", 70)) << daemon.log();
  EXPECT_EQ(status()["counters"]["first_seen"], 30);
  EXPECT_TRUE(status()["paused"].is_null());
  const Finished superfluous = test::run(command("resume"));
  EXPECT_EQ(superfluous.status, 0);
  EXPECT_EQ(superfluous.out, "is not paused\n");
}

TEST_F(Daemon, BeginsRunningAlthoughItWasPausedWhenItStopped) {
  Program daemon(command("run"));
  ASSERT_TRUE(state("running")) << daemon.log();
  ASSERT_EQ(test::run(command("pause")).status, 0);
  daemon.signal(SIGTERM);
  ASSERT_EQ(daemon.wait().status, 0) << daemon.log();
  write("in", orders(10, 1));
  Program next(command("run"));
  EXPECT_TRUE(counts("consumed", 10)) << next.log();
}

TEST_F(Daemon, IsPausedAlsoByAReasonThatIsNoUtf8AndNotByOneThatIsTooLong) {
  Program daemon(command("run"));
  ASSERT_TRUE(state("running")) << daemon.log();
  const Finished long_one = test::run(command("pause", {"--reason", std::string(500, 'x')}), {{"SUDO_USER", "alice"}});
  EXPECT_EQ(long_one.status, 64);
  EXPECT_NE(long_one.err.find("--reason: must be 107 bytes shorter"), std::string::npos) << long_one.err;
  EXPECT_EQ(status()["state"], "running");
  const Finished skipped = test::run(command("skip", {"t\xff", "0", "1"}));
  EXPECT_NE(skipped.status, 70) << skipped.err;
  EXPECT_EQ(skipped.err.find("internal error"), std::string::npos) << skipped.err;
  const Finished paused = test::run(command("pause", {"--reason", "gr\xfcn"}), {{"SUDO_USER", "alice"}});
  EXPECT_EQ(paused.status, 0) << paused.err;
  EXPECT_EQ(status()["paused"]["by"], "alice: gr\xef\xbf\xbdn");
}

TEST_F(Daemon, AnswersAPauseWithoutANameOrATimeWithUsage) {
  Program daemon(command("run"));
  ASSERT_TRUE(state("running")) << daemon.log();
  using Request = nlohmann::ordered_json;
  for (const Request& request :
       {Request{{"command", "pause"}}, Request{{"command", "pause"}, {"by", ""}, {"timeout_ms", 10}},
        Request{{"command", "pause"}, {"by", "x"}, {"timeout_ms", -1}},
        Request{{"command", "pause"}, {"by", std::string(401, 'x')}, {"timeout_ms", 10}}}) {
    const auto answer = control::ask(scene_->socket(), request, Millis{20'000});
    ASSERT_FALSE(answer) << request;
    EXPECT_EQ(answer.error().exit, Exit::usage) << request;
  }
  EXPECT_EQ(status()["state"], "running");
}

}  // namespace
}  // namespace firstseen::test
