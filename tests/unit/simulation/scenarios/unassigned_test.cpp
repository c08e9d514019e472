// Members of the group without a partition: those that should have one, and one member too many.
#include "client_decorator.h"
#include "scenarios/scenario.h"

namespace firstseen::simulation {
namespace {

/// A client that is never told of an assignment once `lose` is set; the next one is not affected.
class LosesAnAssignment final : public ConsumerDecorator {
 public:
  LosesAnAssignment(std::unique_ptr<kafka::Consumer> inner, bool& lose)
      : ConsumerDecorator(std::move(inner)), lose_(lose) {}
  Result<kafka::Taken> take(std::size_t max_messages, Millis wait) override {
    auto taken = ConsumerDecorator::take(max_messages, wait);
    if (lose_ && taken && taken->rebalance && taken->rebalance->kind == kafka::Rebalance::Kind::assigned) {
      taken->rebalance.reset();
      lose_ = false;
    }
    return taken;
  }

 private:
  bool& lose_;
};

class Unassigned : public Scenario {
 protected:
  Unassigned() { options.slot.session_timeout = Millis(Group::session_timeout_ms); }

  /// One message in each partition, consumed.
  Host& consumed() {
    say(0, "a", 0);
    say(1, "b", 0);
    Host& host = start();
    run();
    return host;
  }
  void rebalance() { cluster().group().topics_changed(world().clock.steady_ms()); }
  /// The topic is refused for a while; when it is there again the leader has not heard of it.
  void assign_nothing_after_a_refusal(Host& host) {
    cluster().refuse(in(0), true);
    run_until("the refusal is heard of", [&] { return is_stopped(host, 0); });
    cluster().group().assign_nothing_once();
    rebalance();
    run_until("its partitions are revoked", [&] { return host.status().partitions.empty(); });
    cluster().refuse(in(0), false);
  }
  static bool is_without_partition(const Host& host) {
    const dedup::SlotStatus status = host.status();
    return status.state == "running" && status.partitions.empty();
  }
  void expect_never_restarted(Host& host) {
    go_on_for(200'000);
    EXPECT_TRUE(is_without_partition(host));
    EXPECT_EQ(host.status().counters.restarts, 0U);
    EXPECT_EQ(host.status().detail, "no partition is assigned to this instance");
  }
};

TEST_F(Unassigned, MemberWhoseTopicExistsAgainJoinsTheGroupAnewAndLosesOrDoublesNothing) {
  Host& host = consumed();
  assign_nothing_after_a_refusal(host);
  run_until("it has no partition", [&] { return is_without_partition(host); });
  EXPECT_EQ(host.status().detail, "no partition is assigned to this instance");
  EXPECT_TRUE(host.has_logged("0 partitions are to begin"));
  for (const char* key : {"a", "c"}) say(0, key, 100);
  for (const char* key : {"b", "d"}) say(1, key, 100);
  go_on_for(5'000);
  EXPECT_EQ(host.status().counters.restarts, 0U) << "it may still be given some";
  go_on_for(25'000);
  EXPECT_TRUE(host.has_logged("no partition is assigned to this instance for 1"));
  EXPECT_TRUE(host.has_logged("joining the group anew"));
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 4, 6}));
  EXPECT_EQ(host.starts(), 1);
  EXPECT_EQ(host.status().counters.restarts, 1U);
  expect_kept();
}

TEST_F(Unassigned, MemberJoinsAnewAgainWhenItIsStillAssignedNothing) {
  Host& host = consumed();
  assign_nothing_after_a_refusal(host);
  run_until("it has no partition", [&] { return is_without_partition(host); });
  cluster().group().assign_nothing_once();
  say(0, "c", 100);
  go_on_for(90'000);
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 3}));
  EXPECT_EQ(host.status().counters.restarts, 2U);
  expect_kept();
}

TEST_F(Unassigned, MembersAllGetTheirPartitionsWhenOneOfThemJoinsAnew) {
  say(0, "a", 0);
  say(1, "b", 0);
  Host& host = start("A");
  Host& other = start("B");
  run();
  run_until("each has a partition",
            [&] { return host.status().partitions.size() == 1 && other.status().partitions.size() == 1; });
  assign_nothing_after_a_refusal(host);
  run_until("none has any", [&] { return is_without_partition(host) && is_without_partition(other); });
  say(0, "c", 100);
  say(1, "d", 100);
  go_on_for(40'000);
  run();
  run_until("each has a partition",
            [&] { return host.status().partitions.size() == 1 && other.status().partitions.size() == 1; });
  EXPECT_EQ(published(), (Ids{1, 2, 3, 4}));
}

TEST_F(Unassigned, MemberToWhichNoAssignmentComesAfterARevocationJoinsAnewOnceNobodyIsWaitedFor) {
  bool lose = false;
  options.interposers.consumer = [&](auto inner) {
    return std::make_unique<LosesAnAssignment>(std::move(inner), lose);
  };
  Host& host = consumed();
  lose = true;
  rebalance();
  run_until("the assignment is lost", [&] { return !lose; });
  say(0, "c", 100);
  go_on_for(20'000);
  EXPECT_EQ(host.status().state, "joining");
  EXPECT_EQ(host.status().counters.restarts, 0U) << "the group may wait for a member that is gone";
  go_on_for(30'000);
  EXPECT_TRUE(host.has_logged("no assignment has come for "));
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 3}));
  EXPECT_EQ(host.status().counters.restarts, 1U);
  expect_kept();
}

TEST_F(Unassigned, MemberTooManyIsNeverRestarted) {
  options.partitions = 1;
  say(0, "a", 0);
  start("A");
  run();
  Host& surplus = start("B");
  run_until("it is assigned nothing", [&] { return is_without_partition(surplus); });
  expect_never_restarted(surplus);
}

TEST_F(Unassigned, MemberThatBecameOneTooManyIsNeverRestarted) {
  options.partitions = 1;
  say(0, "a", 0);
  Host& surplus = start("B");
  run();
  start("A");  // comes before B in the order of the assignor
  run_until("its partition has moved", [&] { return is_without_partition(surplus); });
  expect_never_restarted(surplus);
}

}  // namespace
}  // namespace firstseen::simulation
