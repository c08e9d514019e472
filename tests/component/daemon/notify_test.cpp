#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>

#include "component/daemon/daemon.h"

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

TEST_F(Notify, NobodyIsFedWhoDoesNotWatch) {
  ServiceManager systemd;
  Program daemon(command("run"), {{"NOTIFY_SOCKET", systemd.path()}});
  ASSERT_TRUE(eventually([&] { return systemd.times("READY=1") == 1; })) << daemon.log();
  EXPECT_EQ(systemd.times("WATCHDOG=1"), 0);
}

}  // namespace
}  // namespace firstseen::test
