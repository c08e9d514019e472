#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <optional>

#include "component/daemon/daemon.h"
#include "component/daemon/held_thread.h"
#include "component/daemon/log_address.h"
#include "component/http/client.h"

// What the daemon tells systemd (sd_notify(3)), heard on a socket as systemd listens at.

namespace firstseen::test {
namespace {

/// The end of NOTIFY_SOCKET that the service manager holds.
class ServiceManager {
 public:
  ServiceManager() : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    path().copy(std::begin(address.sun_path), sizeof address.sun_path - 1);
    // NOLINTNEXTLINE(bugprone-casting-through-void,cppcoreguidelines-pro-type-reinterpret-cast): the socket API's way
    if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      throw std::system_error(errno, std::generic_category(), path());
    }
  }

  [[nodiscard]] std::string path() const { return (directory_.path() / "notify").native(); }

  /// Everything told so far, in order.
  const std::vector<std::string>& heard() {
    std::array<char, 4096> text{};
    while (true) {
      const ssize_t size = ::recv(socket_.get(), text.data(), text.size(), MSG_DONTWAIT);
      if (size < 0) return heard_;
      heard_.emplace_back(text.data(), static_cast<std::size_t>(size));
    }
  }

  std::ptrdiff_t times(const std::string& message) { return std::ranges::count(heard(), message); }
  bool told(const std::string& beginning) {
    return std::ranges::any_of(heard(), [&](const std::string& one) { return one.starts_with(beginning); });
  }
  [[nodiscard]] std::string all() {
    std::string joined;
    for (const std::string& one : heard()) joined += one + "\n";
    return joined;
  }

 private:
  TemporaryDirectory directory_;
  control::Fd socket_;
  std::vector<std::string> heard_;
};

using Notify = Daemon;

/// Whose loop a test stops.
class StandingLoop : public Notify {
 protected:
  static constexpr int watchdog_ms = 100;

  void SetUp() override {
    Notify::SetUp();
    scene_->configure("", "payload:/order/id", "{listen: \"127.0.0.1:0\"}");
  }

  Program start() const {
    return Program(command("run"),
                   {{"NOTIFY_SOCKET", systemd_.path()}, {"WATCHDOG_USEC", std::to_string(watchdog_ms * 1000)}});
  }

  /// Holds the loop where the page is still answered: in the midst of a step it may have what the page's thread needs.
  void hold(const Program& daemon) {
    address_ = log_address(daemon, "metrics, status and probes at http://");
    ASSERT_NE(address_, "") << daemon.log();
    ASSERT_TRUE(eventually([&] {
      held_.reset();
      held_.emplace(daemon.pid());
      return held_->refused() || (held_->stands() && look().is_object());
    })) << daemon.log();
    if (held_->refused()) GTEST_SKIP() << "a parent may not trace its child here";
  }
  void let_go() { held_.reset(); }

  Json look() const { return Json::parse(http::test::get(address_, "/status.json").body, nullptr, false); }

  /// By the daemon's own clock, as its page tells it.
  ::testing::AssertionResult stands_for(int ms) const {
    Json last;
    const bool reached = eventually([&] {
      last = look();
      return last.is_object() && last["step_age_ms"] >= ms;
    });
    return reached ? ::testing::AssertionSuccess() : ::testing::AssertionFailure() << last.dump();
  }

  /// The loop is held: its page is answered on and on, the watchdog is not fed. Then it goes on.
  void expect_unfed_until_let_go(const Program& daemon) {
    const std::ptrdiff_t fed = systemd_.times("WATCHDOG=1");
    EXPECT_TRUE(stands_for(20 * watchdog_ms));
    EXPECT_EQ(systemd_.times("WATCHDOG=1"), fed) << "fed by something else than the loop's progress";
    EXPECT_EQ(http::test::get(address_, "/livez").status, 200) << "all but the loop goes on";
    let_go();
    EXPECT_TRUE(eventually([&] { return systemd_.times("WATCHDOG=1") > fed; })) << daemon.log();
  }

  ServiceManager systemd_;

 private:
  std::string address_;
  std::optional<HeldThread> held_;
};

TEST_F(Notify, SystemdHearsOfReadinessOnceTheDaemonServesAndOfItsEnd) {
  ServiceManager systemd;
  ASSERT_TRUE(cluster_->set_down(true));
  Program daemon(command("run"), {{"NOTIFY_SOCKET", systemd.path()}});
  ASSERT_TRUE(eventually([&] { return systemd.told("STATUS=waiting for a broker"); })) << systemd.all();
  EXPECT_EQ(systemd.times("READY=1"), 0) << "nothing is served yet";
  ASSERT_TRUE(cluster_->set_down(false));
  ASSERT_TRUE(eventually([&] { return systemd.times("READY=1") == 1; })) << daemon.log();
  ASSERT_TRUE(eventually([&] { return systemd.told("STATUS=running; 2 partitions"); })) << systemd.all();
  EXPECT_EQ(systemd.times("STOPPING=1"), 0);
  daemon.signal(SIGTERM);
  ASSERT_EQ(daemon.wait().status, 0) << daemon.log();
  EXPECT_EQ(systemd.times("STOPPING=1"), 1) << systemd.all();
  EXPECT_EQ(systemd.times("READY=1"), 1) << systemd.all();
}

TEST_F(Notify, SystemdHearsOfAnEndThatComesBeforeReadiness) {
  ServiceManager systemd;
  ASSERT_TRUE(cluster_->set_down(true));
  Program daemon(command("run"), {{"NOTIFY_SOCKET", systemd.path()}});
  ASSERT_TRUE(eventually([&] { return systemd.told("STATUS=waiting for a broker"); })) << systemd.all();
  daemon.signal(SIGTERM);
  ASSERT_EQ(daemon.wait().status, 0) << daemon.log();
  EXPECT_EQ(systemd.times("STOPPING=1"), 1) << systemd.all();
  EXPECT_EQ(systemd.times("READY=1"), 0) << systemd.all();
}

TEST_F(Notify, TheWatchdogIsFedWhileTheDaemonWaitsForABrokerAndWhileItServes) {
  ServiceManager systemd;
  ASSERT_TRUE(cluster_->set_down(true));
  Program daemon(command("run"), {{"NOTIFY_SOCKET", systemd.path()}, {"WATCHDOG_USEC", "100000"}});
  ASSERT_TRUE(eventually([&] { return systemd.times("WATCHDOG=1") >= 3; })) << systemd.all();
  EXPECT_EQ(systemd.times("READY=1"), 0);
  ASSERT_TRUE(cluster_->set_down(false));
  ASSERT_TRUE(eventually([&] { return systemd.times("READY=1") == 1; })) << daemon.log();
  const std::ptrdiff_t until_ready = systemd.times("WATCHDOG=1");
  EXPECT_TRUE(eventually([&] { return systemd.times("WATCHDOG=1") >= until_ready + 3; })) << systemd.all();
}

TEST_F(StandingLoop, LeavesTheWatchdogUnfedWhateverElseGoesOn) {
  Program daemon = start();
  ASSERT_TRUE(eventually([&] { return systemd_.times("READY=1") == 1; })) << daemon.log();
  ASSERT_NO_FATAL_FAILURE(hold(daemon));
  if (IsSkipped()) return;
  write("in", orders(10, 1));
  expect_unfed_until_let_go(daemon);
  EXPECT_TRUE(counts("first_seen", 10)) << daemon.log();
}

TEST_F(StandingLoop, LeavesTheWatchdogUnfedWhileABrokerIsWaitedFor) {
  ASSERT_TRUE(cluster_->set_down(true));
  Program daemon = start();
  ASSERT_TRUE(eventually([&] { return systemd_.times("WATCHDOG=1") > 0; })) << daemon.log();
  ASSERT_NO_FATAL_FAILURE(hold(daemon));
  if (IsSkipped()) return;
  expect_unfed_until_let_go(daemon);
  EXPECT_EQ(systemd_.times("READY=1"), 0);
}

TEST_F(Notify, NobodyIsFedWhoDoesNotWatch) {
  ServiceManager systemd;
  Program daemon(command("run"), {{"NOTIFY_SOCKET", systemd.path()}});
  ASSERT_TRUE(eventually([&] { return systemd.times("READY=1") == 1; })) << daemon.log();
  EXPECT_EQ(systemd.times("WATCHDOG=1"), 0);
}

}  // namespace
}  // namespace firstseen::test
