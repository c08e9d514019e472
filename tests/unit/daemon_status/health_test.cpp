#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "control_handler.h"
#include "status_report.h"
#include "support/picture_of.h"

// What the control socket, /status.json, `firstseen status` and its exit status say of a daemon that is not well.

namespace firstseen {
namespace {

/// A clock that stands still until it is moved.
class FakeClock final : public Clock {
 public:
  [[nodiscard]] std::int64_t wall_ms() const override { return test::pictured_since_ms + now; }
  [[nodiscard]] std::int64_t steady_ms() const override { return now; }
  std::int64_t now = 0;
};

/// A daemon that serves, and what its control socket answers.
class Health : public testing::Test {
 protected:
  Health() {
    board_.enter(Phase::serving);
    board_.broker(true, "answers");
    board_.publish(running());
  }
  static dedup::SlotStatus running() {
    dedup::SlotStatus status;
    status.state = "running";
    status.configured_window_ms = status.effective_window_ms = 3'600'000;
    status.partitions.resize(1);
    status.partitions[0].tp = {"orders", 0};
    return status;
  }
  Json status() {
    const auto answer = handler_.answer({{"command", "status"}});
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? *answer : Json();
  }

  FakeClock clock_;
  Board board_{clock_, Millis{3'600'000}};
  Recent recent_{clock_};
  ControlHandler handler_{recent_, board_, [] { return Result<std::string>("as it was"); }};
};

TEST_F(Health, IsGoodWhileItIsAliveAndReadyAndServesEveryPartition) {
  const Json now = status();
  EXPECT_EQ(health_of(now), Exit::ok) << now.dump(2);
  EXPECT_EQ(now["alive"], true);
  EXPECT_EQ(now["ready"], true);
  EXPECT_EQ(now["verdict"]["word"], "healthy");
  EXPECT_EQ(now["verdict"]["mood"], "good");
}

TEST_F(Health, IsGoodWithoutAPartitionButNotCalledHealthy) {
  dedup::SlotStatus spare = running();
  spare.partitions.clear();
  spare.effective_window_ms = -1;
  board_.publish(spare);
  const Json now = status();
  EXPECT_EQ(health_of(now), Exit::ok) << now.dump(2);
  EXPECT_EQ(now["ready"], true);
  EXPECT_EQ(now["verdict"]["word"], "spare");
  EXPECT_EQ(now["verdict"]["mood"], "busy");
}

TEST_F(Health, IsBadWhileNoBrokerAnswersAlthoughTheSlotRuns) {
  clock_.now += 7'000;
  board_.broker(false, "connection refused");
  clock_.now += 5'000;
  const Json now = status();
  EXPECT_EQ(health_of(now), Exit::try_again);
  EXPECT_EQ(now["state"], "running");
  EXPECT_EQ(now["alive"], true) << "a restart would not help";
  EXPECT_EQ(now["ready"], false);
  EXPECT_EQ(now["checks"][1].dump(), R"({"name":"broker","ok":false,"since_ms":1700000007000,)"
                                     R"("detail":"connection refused"})");
  const std::string text = status_to_text(now);
  EXPECT_TRUE(text.starts_with("verdict ")) << text;
  EXPECT_NE(text.find(verdict_headline(now)), std::string::npos) << text;
  EXPECT_NE(text.find("broker  failed  2023-11-14T22:13:27.000Z  connection refused\n"), std::string::npos) << text;
}

TEST_F(Health, IsBadWhileTheLoopMakesNoStepAlthoughItsLastWordWasThatItRuns) {
  clock_.now += step_bound.count();
  EXPECT_EQ(health_of(status()), Exit::ok);
  clock_.now += 1;
  const Json now = status();
  EXPECT_EQ(health_of(now), Exit::try_again);
  EXPECT_EQ(now["alive"], false);
  EXPECT_EQ(now["step_age_ms"], step_bound.count() + 1);
  EXPECT_EQ(now["verdict"]["word"], "stuck");
  EXPECT_EQ(now["verdict"]["mood"], "bad");
  EXPECT_NE(status_to_text(now).find("stuck: "), std::string::npos) << status_to_text(now);
  board_.stepped();
  EXPECT_EQ(health_of(status()), Exit::ok);
}

TEST_F(Health, IsBadWhileItStartsAndWhileItStopsAndNamesThePhase) {
  board_.enter(Phase::waiting_for_broker, "waiting for a broker that answers");
  Json now = status();
  EXPECT_EQ(health_of(now), Exit::try_again);
  EXPECT_EQ(now["state"], "starting");
  EXPECT_EQ(now["phase"]["name"], "waiting_for_broker");
  EXPECT_EQ(now["phase"]["detail"], "waiting for a broker that answers");
  dedup::SlotStatus last = running();
  last.counters.consumed = 40;
  board_.publish(last);
  handler_.detach();
  board_.enter(Phase::stopping, "closing the store");
  now = status();
  EXPECT_EQ(health_of(now), Exit::try_again);
  EXPECT_EQ(now["state"], "stopping") << "not starting again";
  EXPECT_EQ(now["counters"]["consumed"], 40) << "what it has done stays";
  EXPECT_EQ(now["phase"]["name"], "stopping");
}

TEST_F(Health, IsNotTakenForGoodWhereNothingIsSaidOfIt) { EXPECT_EQ(health_of(Json::object()), Exit::try_again); }

TEST_F(Health, OfAYoungerStatusThanTheBoardsFollowsTheSlot) {
  dedup::SlotStatus paused = running();
  paused.state = "paused";
  paused.detail = "the disk is full";
  clock_.now += 500;
  const Picture younger = board_.look(paused);
  EXPECT_FALSE(younger.ready());
  EXPECT_EQ(younger.checks[2].detail, "paused: the disk is full");
  EXPECT_EQ(younger.checks[2].since_ms, test::pictured_since_ms + 500);
  EXPECT_TRUE(board_.look().ready()) << "what the loop wrote down stands";
  board_.enter(Phase::stopping, "closing the store");
  EXPECT_EQ(board_.look(running()).status->state, "stopping") << "the slot has ended meanwhile";
}

}  // namespace
}  // namespace firstseen
