#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include "component/daemon/daemon.h"
#include "component/daemon/on_terminal.h"

namespace firstseen::test {
namespace {

using TopCommand = Daemon;

TEST_F(TopCommand, ShowsADaemonLiveAndFindsItAgainAfterARestart) {
  write("in", orders(20, 2));
  OnTerminal top(command("top", {"--interval", "100ms"}), 30, 100);
  ASSERT_TRUE(top.shows("no daemon answers")) << "it may be started first";
  {
    Program daemon(command("run"));
    ASSERT_TRUE(counts("consumed", 40)) << daemon.log();
    ASSERT_TRUE(top.shows("running"));
    ASSERT_TRUE(top.shows("in[1]"));
    daemon.signal(SIGKILL);
    daemon.wait();
    ASSERT_TRUE(top.shows("no answer: "));
    ASSERT_TRUE(top.shows("in[1]")) << "its last word stays";
  }
  Program daemon(command("run"));
  ASSERT_TRUE(top.shows("\x1b[1;32mhealthy"));
  top.type('q');
  EXPECT_EQ(top.status(), 0);
  EXPECT_TRUE(top.is_as_before());
}

TEST_F(TopCommand, LeavesTheTerminalAsItWasHoweverItIsEnded) {
  for (const auto& [key, number] : {std::pair('q', 0), {'\x03', 0}, {'\0', SIGTERM}, {'\0', SIGHUP}, {'\0', SIGINT}}) {
    OnTerminal top(command("top"), 24, 80);
    ASSERT_TRUE(top.shows("no daemon answers"));
    EXPECT_FALSE(top.is_as_before());
    if (number == 0) {
      top.type(key);
    } else {
      top.signal(number);
    }
    EXPECT_EQ(top.status(), 0) << number;
    EXPECT_TRUE(top.is_as_before()) << number;
  }
}

TEST_F(TopCommand, DrawsAnewAtOnceWhenTheTerminalGetsAnotherSize) {
  OnTerminal top(command("top", {"--interval", "1h"}), 24, 100);
  ASSERT_TRUE(top.shows("no daemon answers"));
  ASSERT_TRUE(top.shows("\x1b[J"));
  top.resize(24, 12);
  ASSERT_TRUE(top.shows("firstseen to\x1b[0m\x1b[K"));
  top.type('q');
  EXPECT_EQ(top.status(), 0);
}

TEST_F(TopCommand, OnceWritesOneFrameAndEndsAsStatusDoes) {
  EXPECT_EQ(run(command("top", {"--once"})).status, 69);
  write("in", orders(20, 2));
  Program daemon(command("run"));
  ASSERT_TRUE(counts("consumed", 40)) << daemon.log();
  ASSERT_TRUE(state("running"));
  for (const std::vector<std::string>& more :
       {std::vector<std::string>{"--once", "--interval", "100ms"}, {"--interval", "100ms"}}) {
    const Finished once = run(command("top", more));
    EXPECT_EQ(once.status, 0) << once.err;
    EXPECT_NE(once.out.find("\nhealthy: "), std::string::npos) << once.out;
    EXPECT_NE(once.out.find("in[0]"), std::string::npos) << once.out;
    EXPECT_EQ(once.out.find('\x1b'), std::string::npos) << once.out;
  }
}

TEST_F(TopCommand, RefusesAnIntervalThatIsNone) {
  for (const char* interval : {"5", "0s", "2h", "soon"}) {
    const Finished refused = run(command("top", {"--interval", interval}));
    EXPECT_EQ(refused.status, 64) << interval;
    EXPECT_NE(refused.err.find("--interval"), std::string::npos) << refused.err;
  }
}

}  // namespace
}  // namespace firstseen::test
