#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "component/daemon/daemon.h"

// `firstseen status` and `top` as a health check asks them: of a daemon that answers no HTTP, as the image may run it.

namespace firstseen::test {
namespace {

class StatusCommand : public Daemon {
 protected:
  /// Waits until it leaves with this status; its text.
  Finished leaves_with(int status) const {
    Finished last;
    EXPECT_TRUE(eventually([&] { return (last = test::run(command("status"))).status == status; }))
        << last.out << last.err;
    return last;
  }
  static Json check(const Json& status, const std::string& name) {
    for (const Json& one : status["checks"]) {
      if (one["name"] == name) return one;
    }
    return {};
  }
};

TEST_F(StatusCommand, MissesABrokerThatIsGoneAlthoughNothingIsToBeConsumed) {
  Program daemon(command("run"));
  ASSERT_TRUE(state("running")) << daemon.log();
  const Finished well = leaves_with(0);
  EXPECT_NE(well.out.find("verdict"), std::string::npos) << well.out;
  EXPECT_EQ(check(status(), "broker")["ok"], true);

  ASSERT_TRUE(cluster_->set_down(true));
  const Finished told = leaves_with(75);
  EXPECT_NE(told.out.find("unready: "), std::string::npos) << told.out;
  Json missed;
  ASSERT_TRUE(eventually([&] {
    missed = status();
    return missed.is_object() && check(missed, "broker")["ok"] == false;
  })) << missed.dump();
  EXPECT_NE(check(missed, "broker")["detail"], "");
  EXPECT_GT(check(missed, "broker")["since_ms"], missed["started_at_ms"]);
  EXPECT_EQ(missed["verdict"]["word"], "unready");
  EXPECT_EQ(missed["ready"], false);
  EXPECT_EQ(missed["alive"], true) << "a restart would not help";
  const Finished top = test::run(command("top", {"--once", "--interval", "100ms"}));
  EXPECT_EQ(top.status, 75);
  EXPECT_NE(top.out.find("\nunready: "), std::string::npos) << top.out;

  ASSERT_TRUE(cluster_->set_down(false));
  leaves_with(0);
}

TEST_F(StatusCommand, SaysOfAStartWithoutABrokerWhichCheckFailsAndWhatIsWaitedFor) {
  ASSERT_TRUE(cluster_->set_down(true));
  Program daemon(command("run"));
  ASSERT_TRUE(state("starting")) << daemon.log();
  Json waiting;
  ASSERT_TRUE(eventually([&] {
    waiting = status();
    return waiting.is_object() && waiting["phase"]["name"] == "waiting_for_broker";
  })) << waiting.dump();
  EXPECT_EQ(check(waiting, "store")["ok"], true);
  EXPECT_EQ(check(waiting, "broker")["ok"], false);
  EXPECT_EQ(leaves_with(75).status, 75);
}

TEST_F(StatusCommand, TellsWhatLibrdkafkaMeasuresAndWithWhichConfiguration) {
  write("in", orders(10, 2));
  Program daemon(command("run"));
  ASSERT_TRUE(counts("consumed", 20)) << daemon.log();
  Json now;
  EXPECT_TRUE(eventually([&] {
    now = status();
    return now.is_object() && now["kafka"].size() == 2 &&
           std::ranges::all_of(now["kafka"], [](const Json& client) { return client["connections"] > 0; });
  })) << now.dump();
  EXPECT_NE(now["configuration"]["text"].get<std::string>().find("scene"), std::string::npos) << "its group";
}

}  // namespace
}  // namespace firstseen::test
