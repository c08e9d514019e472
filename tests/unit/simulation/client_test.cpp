// The simulated client: what a slot sees of the simulated cluster, and the checker of the contract.
#include <gtest/gtest.h>

#include "protocol.h"
#include "sim_client.h"

namespace firstseen::simulation {
namespace {

using kafka::Progress;
using kafka::Rebalance;

struct SimulatedClient : testing::Test {
  SimClock clock;
  SimCluster cluster{clock, Random(1)};
  Faults faults{Random(2)};
  Process process{"host"};
  Violations violations;
  TopicPartition in{"in", 0};
  TopicPartition out{"out", 0};

  void SetUp() override {
    cluster.create_topic("in", 1);
    cluster.create_topic("out", 1, {1'000, 3'600'000});
  }
  kafka::Client make(const std::string& id = "one") {
    kafka::ClientOptions options;
    options.instance_id = id;
    options.transactional_id = id;
    auto client = checked(make_sim_client(cluster, faults, process, options), process, violations, true, false);
    EXPECT_EQ(*client.publisher->init_transactions(), Progress::done);
    EXPECT_TRUE(client.consumer->subscribe({"in"}));
    return client;
  }
  kafka::Client make_assigned() {
    auto client = make();
    for (int i = 0; i < 5; ++i) {
      auto taken = client.consumer->take(10, Millis(10));
      if (!taken || !taken->rebalance) continue;
      EXPECT_EQ(taken->rebalance->kind, Rebalance::Kind::assigned);
      EXPECT_TRUE(client.consumer->assign(std::vector<Position>{{in, 0}}));
      break;
    }
    return client;
  }
  void input(const std::string& value, std::int64_t timestamp_ms = 1) {
    cluster.log(in)->append({"key", value, {{"h", std::nullopt}}, timestamp_ms});
  }
  std::vector<std::string> output() {
    std::vector<std::string> values;
    for (std::int64_t offset = 0; offset < cluster.log(out)->end(); ++offset) {
      if (cluster.log(out)->visible(offset)) values.push_back(*cluster.log(out)->at(offset).record.value);
    }
    return values;
  }
  void publish_all(kafka::Client& client) {
    auto taken = client.consumer->take(100, Millis(0));
    ASSERT_TRUE(taken);
    ASSERT_TRUE(client.publisher->begin());
    for (const MessageView& message : taken->messages) {
      const auto published = client.publisher->publish(message, {"out", message.partition}, {});
      ASSERT_TRUE(published);
      ASSERT_EQ(*published, Progress::done);
    }
  }
  Result<Progress> send(kafka::Client& client, std::int64_t next) {
    return client.publisher->send_offsets(std::vector<kafka::OffsetCommit>{{in, next, "m"}},
                                          *client.consumer->membership());
  }
};

TEST_F(SimulatedClient, ACommittedTransactionShowsItsMessagesAndOffsets) {
  auto client = make_assigned();
  input("a");
  input("b");
  publish_all(client);
  EXPECT_EQ(*send(client, 2), Progress::done);
  EXPECT_TRUE(output().empty());
  EXPECT_EQ(*client.publisher->commit(), Progress::done);
  EXPECT_EQ(output(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(cluster.log(out)->at(0).record, cluster.log(in)->at(0).record);
  EXPECT_EQ(cluster.committed_offset(in)->offset, 2);
  EXPECT_TRUE(violations.empty());
}

TEST_F(SimulatedClient, AnAbortedTransactionShowsNothingAndTheMessagesComeAgainAfterARewind) {
  auto client = make_assigned();
  input("a");
  publish_all(client);
  EXPECT_EQ(*client.publisher->abort(), Progress::done);
  EXPECT_TRUE(output().empty());
  EXPECT_TRUE(client.consumer->rewind(std::vector<Position>{{in, 0}}));
  EXPECT_EQ(client.consumer->take(10, Millis(0))->messages.size(), 1U);
  EXPECT_TRUE(violations.empty());
}

TEST_F(SimulatedClient, AMessageTooLargeForTheTopicFailsTheTransactionForGood) {
  auto client = make_assigned();
  input(std::string(2'000, 'x'));
  publish_all(client);
  EXPECT_EQ(*send(client, 1), Progress::done);
  EXPECT_EQ(client.publisher->commit().error().action, Action::abort);
  EXPECT_EQ(*client.publisher->abort(), Progress::done);
  ASSERT_EQ(client.publisher->failures().size(), 1U);
  EXPECT_TRUE(client.publisher->failures()[0].permanent);
  EXPECT_TRUE(client.publisher->failures()[0].alone);
  EXPECT_TRUE(output().empty());
}

TEST_F(SimulatedClient, AnImpossibleTimestampFailsItsNeighboursToo) {
  bool with_neighbour = false;
  for (int attempt = 0; attempt < 20 && !with_neighbour; ++attempt) {
    SetUp();
    auto client = make_assigned();
    input("a");
    input("b", clock.true_ms() + 4'000'000);
    publish_all(client);
    EXPECT_EQ(*send(client, 2), Progress::done);
    EXPECT_EQ(client.publisher->commit().error().action, Action::abort);
    for (const kafka::DeliveryFailure& failure : client.publisher->failures()) EXPECT_FALSE(failure.alone);
    with_neighbour = client.publisher->failures().size() == 2;
    EXPECT_EQ(*client.publisher->abort(), Progress::done);
  }
  EXPECT_TRUE(with_neighbour);
}

TEST_F(SimulatedClient, AnUnknownOutcomeIsSometimesACommitAndSometimesNot) {
  int applied = 0;
  for (int run = 0; run < 30; ++run) {
    SetUp();
    auto client = make_assigned();
    input("a");
    publish_all(client);
    EXPECT_EQ(*send(client, 1), Progress::done);
    faults.once(Fault::unknown_outcome);
    EXPECT_EQ(client.publisher->commit().error().action, Action::restart);
    client = make_assigned();
    if (!output().empty()) ++applied;
  }
  EXPECT_GT(applied, 0);
  EXPECT_LT(applied, 30);
}

TEST_F(SimulatedClient, ABatchFromBeforeARebalanceCannotBeCommitted) {
  auto client = make_assigned();
  input("a");
  publish_all(client);
  const auto before = *client.consumer->membership();
  faults.once(Fault::lost_assignment);
  cluster.pass_time(1);
  const auto sent = client.publisher->send_offsets(std::vector<kafka::OffsetCommit>{{in, 1, "m"}}, before);
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().action, Action::abort);
}

TEST_F(SimulatedClient, AZombieIsFencedByItsSuccessor) {
  auto zombie = make_assigned();
  input("a");
  publish_all(zombie);
  auto successor = make_assigned();
  const auto sent = send(zombie, 1);
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().action, Action::restart);
  EXPECT_TRUE(sent.error().fenced);
}

TEST_F(SimulatedClient, TheViewsAreOverwrittenWhenTheChunkIsGivenBack) {
  auto client = make_assigned();
  input("a rather long value, not a short one");
  auto taken = client.consumer->take(10, Millis(0));
  const std::string_view value = *taken->messages[0].value;
  EXPECT_TRUE(client.consumer->take(10, Millis(0)));
  EXPECT_EQ(value.substr(0, 8), "a rather") << "the next take leaves it alone";
  taken->chunk.give_back();
  EXPECT_EQ(value.substr(0, 3), "???");
}

TEST_F(SimulatedClient, APartitionWithoutALeaderAnswersAndDeliversNothing) {
  input("one");
  auto client = make_assigned();
  for (const bool told : {true, false}) {
    cluster.lose_leader(in, true, told);
    const auto marks = client.consumer->watermarks(in);
    EXPECT_TRUE(marks && !*marks);
    const auto offset = client.consumer->offset_for_time(in, 0);
    EXPECT_TRUE(offset && !*offset);
    const auto taken = client.consumer->take(10, Millis(10));
    EXPECT_TRUE(taken && taken->messages.empty() && taken->events.empty());
    const auto leaderless = client.consumer->leaderless("in");
    ASSERT_TRUE(leaderless && *leaderless);
    EXPECT_EQ(**leaderless, told ? std::vector<std::int32_t>{0} : std::vector<std::int32_t>{});
  }
  cluster.lose_leader(in, false);
  const auto marks = client.consumer->watermarks(in);
  ASSERT_TRUE(marks && *marks);
  EXPECT_EQ((*marks)->high, 1);
  const auto taken = client.consumer->take(10, Millis(10));
  EXPECT_TRUE(taken && taken->messages.size() == 1);
}

TEST_F(SimulatedClient, BreachesOfTheContractAreNoticed) {
  auto client = make_assigned();
  input("a");
  EXPECT_TRUE(violations.empty());
  publish_all(client);
  EXPECT_TRUE(client.consumer->assign(std::vector<Position>{{in, 0}}));
  EXPECT_EQ(violations.texts().size(), 1U) << "assign with a transaction open";
  faults.once(Fault::again);
  static_cast<void>(send(client, 1));
  static_cast<void>(client.publisher->commit());
  EXPECT_EQ(violations.texts().size(), 2U) << "commit although send_offsets answered again";
}

}  // namespace
}  // namespace firstseen::simulation
