// The simulated cluster must behave as Kafka does where the slot depends on it.
#include "cluster.h"

#include <gtest/gtest.h>

namespace firstseen::simulation {
namespace {

struct SimulatedCluster : testing::Test {
  SimClock clock;
  SimCluster cluster{clock, Random(1)};
  TopicPartition in{"in", 0};
  TopicPartition out{"out", 0};

  void SetUp() override {
    cluster.create_topic("in", 2);
    cluster.create_topic("out", 2);
  }
  static Record record(const std::string& value) { return {std::nullopt, value, {}, 1}; }
  TxnId open(const std::string& id, std::int32_t& epoch) {
    EXPECT_EQ(cluster.init_producer(id, epoch), SimCluster::Answer::ok);
    TxnId txn = no_txn;
    EXPECT_EQ(cluster.open(id, epoch, "host", txn), SimCluster::Answer::ok);
    return txn;
  }
};

TEST_F(SimulatedCluster, AnOpenTransactionHidesItselfAndWhatComesBehindIt) {
  std::int32_t epoch = 0;
  const TxnId txn = open("t", epoch);
  cluster.write(txn, out, record("a"));
  cluster.log(out)->append(record("b"));
  EXPECT_EQ(cluster.log(out)->last_stable(), 0);
  EXPECT_FALSE(cluster.log(out)->visible(1));
  EXPECT_EQ(cluster.end(txn, true), SimCluster::Answer::ok);
  EXPECT_TRUE(cluster.log(out)->visible(0));
  EXPECT_TRUE(cluster.log(out)->visible(1));
  EXPECT_FALSE(cluster.log(out)->visible(2)) << "a marker is no message";
  EXPECT_EQ(cluster.log(out)->last_stable(), 3);
}

TEST_F(SimulatedCluster, ASuccessorAbortsThePredecessorsTransactionAndFencesIt) {
  std::int32_t epoch = 0;
  const TxnId txn = open("t", epoch);
  cluster.write(txn, out, record("a"));
  cluster.add_offsets(txn, {{in, {5, "m"}}});
  EXPECT_TRUE(cluster.pending(in));
  std::int32_t newer = 0;
  EXPECT_EQ(cluster.init_producer("t", newer), SimCluster::Answer::ok);
  EXPECT_FALSE(cluster.log(out)->visible(0));
  EXPECT_FALSE(cluster.pending(in));
  EXPECT_FALSE(cluster.committed_offset(in).has_value());
  EXPECT_EQ(cluster.end(txn, true), SimCluster::Answer::fenced);
}

TEST_F(SimulatedCluster, ASuccessorWaitsForATransactionThatIsBeingCommitted) {
  std::int32_t epoch = 0;
  const TxnId txn = open("t", epoch);
  cluster.add_offsets(txn, {{in, {5, "m"}}});
  cluster.set_delay(1000);
  EXPECT_EQ(cluster.end(txn, true), SimCluster::Answer::ok);
  EXPECT_TRUE(cluster.pending(in));
  EXPECT_EQ(cluster.init_producer("t", epoch), SimCluster::Answer::busy);
  cluster.set_delay(0);
  cluster.pass_time(1);
  EXPECT_EQ(cluster.init_producer("t", epoch), SimCluster::Answer::ok);
  EXPECT_EQ(cluster.committed_offset(in)->offset, 5);
  EXPECT_EQ(cluster.committed_offset(in)->metadata, "m");
}

TEST_F(SimulatedCluster, ACommitThatIsStillUnderWayIsFencedByTheSuccessor) {
  std::int32_t epoch = 0;
  const TxnId txn = open("t", epoch);
  cluster.add_offsets(txn, {{in, {5, "m"}}});
  cluster.end_later(txn);
  EXPECT_EQ(cluster.init_producer("t", epoch), SimCluster::Answer::ok);
  cluster.pass_time(1);
  EXPECT_FALSE(cluster.committed_offset(in).has_value());
}

TEST_F(SimulatedCluster, ATransactionThatTookTooLongIsAbortedAndItsProducerFenced) {
  std::int32_t epoch = 0;
  const TxnId txn = open("t", epoch);
  cluster.write(txn, out, record("a"));
  cluster.pass_time(SimCluster::transaction_timeout_ms);
  EXPECT_FALSE(cluster.current("t", epoch));
  EXPECT_FALSE(cluster.log(out)->visible(0));
  EXPECT_EQ(cluster.log(out)->last_stable(), 2);
}

TEST_F(SimulatedCluster, ATopicMadeAnewHasLostItsLogAndTheGroupsOffsets) {
  cluster.log(in)->append(record("a"));
  cluster.set_offset(in, 1);
  cluster.delete_topic("in");
  EXPECT_EQ(cluster.partition_count("in"), 0);
  EXPECT_EQ(cluster.log(in), nullptr);
  EXPECT_FALSE(cluster.committed_offset(in).has_value());
}

struct SimulatedGroup : SimulatedCluster {
  Group& group = cluster.group();
};

TEST_F(SimulatedGroup, ASecondMemberSharesThePartitionsOnceTheFirstHasGivenThemUp) {
  const std::string one = group.join("one", {"in"}, 0);
  EXPECT_EQ(group.assignment(one).size(), 2U);
  const std::int32_t generation = group.generation();
  const std::string two = group.join("two", {"in"}, 0);
  EXPECT_EQ(group.heartbeat(one, 0), Group::Told::rebalance);
  EXPECT_FALSE(group.settled(two));
  EXPECT_TRUE(group.may_commit(one, generation)) << "until the rebalance is complete";
  group.rejoin(one, 0);
  EXPECT_EQ(group.assignment(one), (std::vector<TopicPartition>{{"in", 0}}));
  EXPECT_EQ(group.assignment(two), (std::vector<TopicPartition>{{"in", 1}}));
  EXPECT_FALSE(group.may_commit(one, generation)) << "ILLEGAL_GENERATION";
}

TEST_F(SimulatedGroup, AStaticMemberIsTakenOverWithoutARebalance) {
  const std::string old = group.join("one", {"in"}, 0);
  const std::int32_t generation = group.generation();
  const std::string successor = group.join("one", {"in"}, 5000);
  EXPECT_EQ(group.generation(), generation);
  EXPECT_EQ(group.assignment(successor).size(), 2U);
  EXPECT_EQ(group.heartbeat(old, 5000), Group::Told::fenced);
  EXPECT_FALSE(group.may_commit(old, generation));
}

TEST_F(SimulatedGroup, ASilentMemberIsEvictedAfterTheSessionTimeout) {
  const std::string silent = group.join("one", {"in"}, 0);
  const std::string other = group.join("two", {"in"}, 0);
  group.rejoin(silent, 0);
  group.heartbeat(other, Group::session_timeout_ms + 1);
  group.expire(Group::session_timeout_ms + 1);
  EXPECT_EQ(group.heartbeat(silent, Group::session_timeout_ms + 1), Group::Told::unknown);
  group.rejoin(other, Group::session_timeout_ms + 1);
  EXPECT_EQ(group.assignment(other).size(), 2U);
}

}  // namespace
}  // namespace firstseen::simulation
