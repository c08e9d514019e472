#include <gtest/gtest.h>

#include <span>
#include <thread>
#include <vector>

#include "dedup/publish_stage.h"

namespace firstseen::dedup {
namespace {

#ifndef NDEBUG
using kafka::Progress;

/// Waits for ever for the end of its predecessor's transaction.
class WaitingPublisher final : public kafka::Publisher {
 public:
  Result<Progress> init_transactions() override { return Progress::again; }
  Result<void> begin() override { return {}; }
  Result<Progress> publish(const MessageView&, const kafka::Destination&,
                           std::span<const kafka::AddedHeader>) override {
    return Progress::again;
  }
  Result<Progress> send_offsets(std::span<const kafka::OffsetCommit>, const kafka::GroupMembership&) override {
    return Progress::again;
  }
  Result<Progress> commit() override { return Progress::again; }
  Result<Progress> abort() override { return Progress::again; }
  std::vector<kafka::DeliveryFailure> failures() override { return {}; }
  void serve() override {}
};
#endif

TEST(PublishStage, InDebugBuildsASecondThreadThatPublishesIsCaughtAndOneThatTakesIsNot) {
#ifdef NDEBUG
  GTEST_SKIP() << "this build has no assertions";
#else
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  WaitingPublisher publisher;
  const SystemClock clock;
  PublishStage stage(publisher, nullptr, clock, {});
  std::thread([&] { stage.step(); }).join();
  EXPECT_TRUE(stage.has_room());
  EXPECT_FALSE(stage.next_report());
  EXPECT_DEATH(stage.step(), "does not own");
#endif
}

}  // namespace
}  // namespace firstseen::dedup
