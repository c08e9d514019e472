// How commands end, and what of it may be run again.
#include <sys/wait.h>

#include <algorithm>
#include <csignal>

#include "base/clock.h"
#include "exec/supervisor.h"
#include "exec_scene.h"

namespace firstseen::test {
namespace {

class ExecEnd : public ExecScene {};

TEST_F(ExecEnd, AMissingCommandGives127IsStoredAndRetriedNextTime) {
  const Finished missing = run({"exec", "--store", store(), "--key", "a", "--", "no-such-command"});
  EXPECT_EQ(missing.status, 127);
  EXPECT_NE(missing.err.find("no-such-command"), std::string::npos);
  const Finished listed = run({"store", "lookup", "--store", store(), "--key", "a"});
  EXPECT_NE(listed.out.find("failed"), std::string::npos) << listed.out;
  EXPECT_EQ(run({"exec", "--store", store(), "--key", "b", "--", "/etc"}).status, 126);
  EXPECT_EQ(exec("a", "true").status, 0);
  EXPECT_EQ(runs(), 1);
}

TEST_F(ExecEnd, ATimeoutGives124AndIsFinalUnlessRetried) {
  EXPECT_EQ(exec("a", "echo part; sleep 600", {"--timeout", "100ms"}).status, 124);
  const Finished again = exec("a", "true");
  EXPECT_EQ(again.status, 124);
  EXPECT_EQ(again.out, "part\n");
  EXPECT_EQ(runs(), 1);
  EXPECT_EQ(exec("b", "sleep 600", {"--timeout", "100ms", "--retry", "timeout"}).status, 124);
  EXPECT_EQ(exec("b", "true").status, 0);
  EXPECT_EQ(runs(), 3);
}

TEST_F(ExecEnd, ATimeoutKillsWhatIgnoresItsTermination) {
  EXPECT_EQ(exec("a", "trap '' TERM; sleep 600; sleep 600", {"--timeout", "50ms", "--kill-after", "50ms"}).status, 124);
}

TEST_F(ExecEnd, ATimeoutKillsTheWholeGroup) {
  const std::string pid_file = effects().string() + ".pid";
  const std::string stubborn = "sh -c \"trap '' TERM; echo \\$\\$ >'" + pid_file + "'; sleep 60\"";
  EXPECT_EQ(exec("a", stubborn + " & wait", {"--timeout", "500ms"}).status, 124);
  EXPECT_TRUE(eventually([&] { return is_gone(pid_file); }));
}

TEST_F(ExecEnd, ACommandThatHasEndedWhenItsTimeIsUpEndedAsItDid) {
  const std::string go = effects().string() + ".go";
  constexpr Millis limit{1000};
  exec::SupervisorOptions options;
  options.command = {"sh", "-c", "while ! test -e '" + go + "'; do sleep 0.01; done; exit 3"};
  options.timeout = limit;
  options.heartbeat_every = Millis{1};
  // As if this process were stopped twice: until the time is up, and then until the command has ended.
  options.heartbeat = [&, beats = 0]() mutable {
    if (++beats == 1) {
      const std::int64_t up_ms = SystemClock().steady_ms() + limit.count();
      return eventually([up_ms] { return SystemClock().steady_ms() >= up_ms; });
    }
    std::ofstream(go) << "";
    siginfo_t info{};
    return ::waitid(P_ALL, 0, &info, WEXITED | WNOWAIT) == 0;
  };
  const exec::SignalGuard signals;
  const auto supervised = exec::supervise(options, signals);
  ASSERT_TRUE(supervised);
  EXPECT_EQ(supervised->result.end, exec::CommandResult::End::exited);
  EXPECT_EQ(supervised->result.number, 3);
}

TEST_F(ExecEnd, DeathByASignalIsFinalUnlessRetried) {
  EXPECT_EQ(exec("a", "kill -9 $$").status, 128 + SIGKILL);
  EXPECT_EQ(exec("a", "true").status, 128 + SIGKILL);
  EXPECT_EQ(exec("b", "kill -9 $$", {"--retry", "timeout,signal"}).status, 128 + SIGKILL);
  EXPECT_EQ(exec("b", "true").status, 0);
  EXPECT_EQ(runs(), 3);
}

TEST_F(ExecEnd, AFailureIsFinalUnlessRetried) {
  EXPECT_EQ(exec("a", "exit 3").status, 3);
  EXPECT_EQ(exec("a", "true").status, 3);
  EXPECT_EQ(exec("b", "exit 3", {"--retry", "failure"}).status, 3);
  EXPECT_EQ(exec("b", "true").status, 0);
  EXPECT_EQ(runs(), 3);
}

TEST_F(ExecEnd, SignalsArePassedOnToTheWholeGroup) {
  const std::string pid_file = effects().string() + ".pid";
  Program program(
      words("a", "trap 'echo got it; exit 9' USR1; echo $$ >'" + pid_file + "'; while :; do sleep 0.05; done"));
  ASSERT_TRUE(
      eventually([&] { return std::filesystem::exists(pid_file) && std::filesystem::file_size(pid_file) > 1; }));
  program.signal(SIGUSR1);
  const Finished finished = program.wait();
  EXPECT_EQ(finished.status, 9);
  EXPECT_EQ(finished.out, "got it\n");
}

TEST_F(ExecEnd, AKilledGuardTakesItsCommandWithItAndTheRunIsAbandoned) {
  const std::string pid_file = effects().string() + ".pid";
  Program program(words("a", "echo $$ >'" + pid_file + "'; exec sleep 600"));
  ASSERT_TRUE(
      eventually([&] { return std::filesystem::exists(pid_file) && std::filesystem::file_size(pid_file) > 1; }));
  program.signal(SIGKILL);
  EXPECT_EQ(program.wait().status, 128 + SIGKILL);
  EXPECT_TRUE(eventually([&] { return is_gone(pid_file); }));
  const Finished looked_up = run({"store", "lookup", "--store", store(), "--key", "a", "--json"});
  EXPECT_NE(looked_up.out.find("\"state\": \"abandoned\""), std::string::npos) << looked_up.out;
  EXPECT_NE(looked_up.out.find("\"expires_ms\": null"), std::string::npos) << looked_up.out;
  const Finished stats = run({"store", "stats", "--store", store(), "--json"});
  EXPECT_NE(stats.out.find("\"abandoned\": 1"), std::string::npos) << stats.out;
  const Finished conflict = exec("a", "true");
  EXPECT_EQ(conflict.status, 69);
  EXPECT_NE(conflict.err.find("`firstseen store forget --store "), std::string::npos) << conflict.err;
  EXPECT_NE(conflict.err.find(" --key=a`"), std::string::npos) << conflict.err;
  EXPECT_EQ(runs(), 1);
  EXPECT_EQ(exec("a", "true", {"--on-abandoned", "retry"}).status, 0);
  EXPECT_EQ(runs(), 2);
}

}  // namespace
}  // namespace firstseen::test
