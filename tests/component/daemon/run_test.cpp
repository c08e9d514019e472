#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "component/daemon/daemon.h"

namespace firstseen::test {
namespace {

std::string contents_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

bool is_locked(const std::string& path) {
  const control::Fd file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  return ::flock(file.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

TEST_F(Daemon, PublishesEachOrderOnceAndStopsCleanlyOnSigterm) {
  write("in", orders(50, 3));
  Program daemon(command("run"));
  ASSERT_TRUE(counts("consumed", 150)) << daemon.log();
  EXPECT_EQ(status()["counters"]["duplicates"], 100);
  EXPECT_EQ(test::run(command("status")).status, 0) << "running and every partition served";
  const Finished as_json = test::run(command("status", {"--json"}));
  EXPECT_EQ(as_json.status, 0);
  EXPECT_EQ(Json::parse(as_json.out, nullptr, false)["counters"], status()["counters"]) << as_json.out;
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

TEST_F(Daemon, LeavesOnSigtermWhileItsStoreIsBeingOpened) {
  write("in", orders(5, 1));
  {
    Program daemon(command("run"));
    ASSERT_TRUE(counts("consumed", 5)) << daemon.log();
    daemon.signal(SIGTERM);  // a batch that is settled, but not known so by the store, may be taken again
    ASSERT_EQ(daemon.wait().status, 0);
  }
  // The mark of a machine's crash as a pipe that nobody writes to: as if opening took for ever.
  const std::string mark = scene_->store() + "/slot-0/unsynced";
  std::filesystem::remove(mark);
  ASSERT_EQ(::mkfifo(mark.c_str(), 0600), 0);
  {
    Program daemon(command("run"));
    ASSERT_TRUE(eventually([&] { return is_locked(scene_->store() + "/slot-0/owner.lock"); })) << daemon.log();
    daemon.signal(SIGTERM);
    EXPECT_EQ(daemon.wait(std::chrono::seconds(10)).status, 0);
  }
  std::filesystem::remove(mark);
  Program daemon(command("run"));
  ASSERT_TRUE(state("running")) << daemon.log();
  EXPECT_EQ(status()["counters"]["consumed"], 0) << "nothing was lost, so nothing is taken again";
}

TEST_F(Daemon, StopsCleanlyWhileItWaitsForABroker) {
  ASSERT_TRUE(cluster_->set_down(true));
  Program daemon(command("run"));
  ASSERT_TRUE(state("starting")) << daemon.log();
  daemon.signal(SIGTERM);
  EXPECT_EQ(daemon.wait(std::chrono::seconds(10)).status, 0);
}

TEST_F(Daemon, StopsCleanlyWhenTheSignalComesBeforeItHasReadItsConfiguration) {
  const std::string pipe = scene_->config() + ".pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  Program daemon({"run", "-c", pipe});
  control::Fd writer;
  ASSERT_TRUE(eventually([&] {
    writer = control::Fd(::open(pipe.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));  // refused until somebody reads
    return writer.valid();
  })) << daemon.log();
  daemon.signal(SIGTERM);
  const std::string text = contents_of(scene_->config());
  ASSERT_EQ(::write(writer.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  writer = {};
  EXPECT_EQ(daemon.wait().status, 0) << daemon.log();
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

TEST_F(Daemon, GoesOnAfterSighup) {
  Program daemon(command("run"));
  ASSERT_TRUE(state("running")) << daemon.log();
  daemon.signal(SIGHUP);
  EXPECT_TRUE(eventually([&] { return daemon.log().find("the configuration is as it was") != std::string::npos; }));
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
