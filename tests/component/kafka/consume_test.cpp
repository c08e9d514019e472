#include <algorithm>

#include "component/kafka/fixture.h"

namespace firstseen::kafka::test {

namespace {

using Consume = KafkaTest;

const TopicPartition first{"in", 0};
const TopicPartition second{"in", 1};

std::vector<Record> numbered(std::int32_t partition, int count) {
  std::vector<Record> records;
  records.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) records.push_back({partition, 0, 1'700'000'000'000 + i, "k", std::to_string(i), {}});
  return records;
}

}  // namespace

TEST_F(Consume, NothingIsFetchedBeforeTheAssignmentIsAnswered) {
  write("in", numbered(0, 3));
  auto client = this->client();
  ASSERT_TRUE(client.consumer->subscribe({"in"}));
  const Rebalance rebalance = next_rebalance(client);
  EXPECT_EQ(rebalance.kind, Rebalance::Kind::assigned);
  EXPECT_EQ(rebalance.partitions, (std::vector<TopicPartition>{first, second}));
  const auto taken = client.consumer->take(10, Millis(500));
  ASSERT_TRUE(taken);
  EXPECT_TRUE(taken->messages.empty());
  ASSERT_TRUE(client.consumer->assign(std::vector<Position>{{first, 1}, {second, 0}}));
  const std::vector<Record> records = read(client, 2);
  EXPECT_EQ(records.front().offset, 1);
}

TEST_F(Consume, ATopicNamedLikeKafkasOwnIsReadByItsName) {
  ASSERT_TRUE(cluster_->create_topic("__audit", 2));
  write("__audit", numbered(0, 3));
  ClientOptions with = options();
  with.hidden_topics = true;
  auto client = this->client(with);
  ASSERT_TRUE(client.consumer->subscribe({"__audit"}));
  EXPECT_EQ(next_rebalance(client).partitions, (std::vector<TopicPartition>{{"__audit", 0}, {"__audit", 1}}));
  ASSERT_TRUE(client.consumer->assign(std::vector<Position>{{{"__audit", 0}, 0}, {{"__audit", 1}, 0}}));
  EXPECT_EQ(read(client, 3).size(), 3U);
}

TEST_F(Consume, ARewindDeliversEveryMessageFromItsPositionAgain) {
  write("in", numbered(0, 1000));
  auto client = this->client();
  join(client);
  EXPECT_GE(read(client, 600).size(), 600U);
  ASSERT_TRUE(client.consumer->rewind(std::vector<Position>{{first, 100}}));
  const std::vector<Record> records = read(client, 900);
  ASSERT_EQ(records.size(), 900U);
  for (std::size_t i = 0; i < records.size(); ++i) ASSERT_EQ(records[i].offset, 100 + static_cast<std::int64_t>(i));
}

TEST_F(Consume, APausedPartitionDeliversNothingUntilItIsResumed) {
  write("in", numbered(0, 100));
  write("in", numbered(1, 100));
  auto client = this->client();
  join(client);
  ASSERT_TRUE(client.consumer->pause(std::vector<TopicPartition>{first}));
  for (const Record& record : read(client, 100)) ASSERT_EQ(record.partition, 1);
  ASSERT_TRUE(client.consumer->rewind(std::vector<Position>{{first, 40}}));
  ASSERT_TRUE(client.consumer->resume(std::vector<TopicPartition>{first}));
  const std::vector<Record> records = read(client, 60);
  ASSERT_EQ(records.size(), 60U);
  EXPECT_EQ(records.front().offset, 40);
  EXPECT_EQ(records.back().offset, 99);
}

TEST_F(Consume, AQueueThatIsFullAgainAndAgainLosesAndRepeatsNothing) {
  constexpr int per_partition = 20'000;
  write("in", numbered(0, per_partition));
  write("in", numbered(1, per_partition));
  ClientOptions small = options();
  small.properties = {{"queued.min.messages", "1000"}};
  small.prefetch_bytes = 16U << 10U;
  auto client = this->client(small);
  join(client);
  std::map<std::int32_t, std::int64_t> next;
  for (const Record& record : read(client, std::size_t{2} * per_partition)) {
    ASSERT_EQ(record.offset, next[record.partition]++);
  }
  EXPECT_EQ(next[0], per_partition);
  EXPECT_EQ(next[1], per_partition);
}

TEST_F(Consume, TheEndOfTheLogIsReported) {
  write("in", numbered(0, 3));
  auto client = this->client();
  join(client);
  std::map<TopicPartition, std::int64_t> ends;
  take_until(
      client, [&] { return ends.size() == 2; },
      [&](const Taken& taken) {
        for (const PartitionEvent& event : taken.events) {
          if (event.kind == PartitionEvent::Kind::end_of_log) ends[event.tp] = event.offset;
        }
      });
  EXPECT_EQ(ends, (std::map<TopicPartition, std::int64_t>{{first, 3}, {second, 0}}));
}

TEST_F(Consume, AnOffsetOutsideTheLogIsReportedAndARewindGoesOn) {
  write("in", numbered(0, 5));
  auto client = this->client();
  ASSERT_TRUE(client.consumer->subscribe({"in"}));
  next_rebalance(client);
  ASSERT_TRUE(client.consumer->assign(std::vector<Position>{{first, 5000}, {second, 0}}));
  bool reported = false;
  take_until(
      client, [&] { return reported; },
      [&](const Taken& taken) {
        for (const PartitionEvent& event : taken.events) {
          reported |= event.kind == PartitionEvent::Kind::offset_out_of_range && event.tp == first;
        }
      });
  ASSERT_TRUE(client.consumer->rewind(std::vector<Position>{{first, 2}}));
  const std::vector<Record> records = read(client, 3);
  ASSERT_EQ(records.size(), 3U);
  EXPECT_EQ(records.front().offset, 2);
}

TEST_F(Consume, ASecondMemberTakesItsShareOnlyWhenTheFirstHasAnswered) {
  // The mock cluster lets a rebalance take all of the session timeout but one second.
  ClientOptions own = options();
  own.properties["session.timeout.ms"] = "6000";
  own.properties["heartbeat.interval.ms"] = "300";
  auto one = client(own);
  join(one);
  ClientOptions other = own;
  other.transactional_id = "group-1";
  auto two = client(other);
  ASSERT_TRUE(two.consumer->subscribe({"in"}));
  const Rebalance revoked = next_rebalance(one);
  EXPECT_EQ(revoked.kind, Rebalance::Kind::revoked);
  EXPECT_EQ(revoked.partitions.size(), 2U);
  ASSERT_TRUE(one.consumer->unassign());
  std::optional<Rebalance> of_one;
  std::optional<Rebalance> of_two;
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while ((!of_one || !of_two) && std::chrono::steady_clock::now() < deadline) {
    for (auto [member, seen] : {std::pair(one.consumer.get(), &of_one), std::pair(two.consumer.get(), &of_two)}) {
      const auto taken = member->take(10, Millis(50));
      ASSERT_TRUE(taken);
      if (!taken->rebalance) continue;
      *seen = taken->rebalance;
      std::vector<Position> positions;
      for (const TopicPartition& tp : taken->rebalance->partitions) positions.push_back({tp, 0});
      if (taken->rebalance->kind == Rebalance::Kind::assigned) {
        ASSERT_TRUE(member->assign(positions));
      } else {
        seen->reset();
        ASSERT_TRUE(member->unassign());
      }
    }
  }
  ASSERT_TRUE(of_one && of_two);
  EXPECT_EQ(of_one->partitions.size() + of_two->partitions.size(), 2U);
}

TEST_F(Consume, ALostMembershipIsReportedAsLostAndCanCommitNothing) {
  ClientOptions own = options();
  own.properties["heartbeat.interval.ms"] = "300";
  auto client = this->client(own);
  join(client);
  ASSERT_TRUE(client.consumer->membership());
  constexpr std::int16_t heartbeat_request = 12;
  cluster_->fail_next(heartbeat_request, std::vector<rd_kafka_resp_err_t>{RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID});
  const Rebalance lost = next_rebalance(client);
  EXPECT_EQ(lost.kind, Rebalance::Kind::lost);
  EXPECT_EQ(lost.partitions.size(), 2U);
  const auto membership = client.consumer->membership();
  ASSERT_FALSE(membership);
  EXPECT_EQ(membership.error().action, Action::abort);
  ASSERT_TRUE(client.consumer->unassign());
}

TEST_F(Consume, NobodyIsAMemberBeforeTheFirstAssignment) {
  auto client = this->client();
  EXPECT_FALSE(client.consumer->membership());
}

TEST_F(Consume, ABrokerThatGoesAndComesBackIsOnlyLogged) {
  auto client = this->client();
  join(client);
  write("in", numbered(0, 5));
  read(client, 5);
  ASSERT_TRUE(cluster_->set_down(true));
  take_until(client, [&] { return !log_.empty(); }, [](const Taken& taken) { EXPECT_TRUE(taken.messages.empty()); });
  ASSERT_TRUE(cluster_->set_down(false));
  write("in", numbered(0, 5));
  EXPECT_EQ(read(client, 5).front().offset, 5);
}

TEST_F(Consume, ATopicThatIsGoneIsWarnedOfAlthoughNoPartitionOfItIsAssigned) {
  rd_kafka_mock_topic_set_error(cluster_->native(), "in", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  auto client = this->client();
  ASSERT_TRUE(client.consumer->subscribe({"in"}));
  const auto is_told = [&] {
    return std::any_of(log_.begin(), log_.end(), [](const std::string& line) {
      return line.find("nothing of in is consumed") != std::string::npos &&
             line.find("take it out of input.topics") != std::string::npos;
    });
  };
  take_until(client, is_told, [](const Taken& taken) { EXPECT_TRUE(taken.events.empty()); });
}

TEST_F(Consume, QuestionsAreAnswered) {
  write("in", numbered(0, 3));
  auto client = this->client();
  const auto marks = client.consumer->watermarks(first);
  ASSERT_TRUE(marks && *marks);
  EXPECT_EQ((*marks)->low, 0);
  EXPECT_EQ((*marks)->high, 3);
  const auto partitions = client.consumer->partition_count("in");
  ASSERT_TRUE(partitions && *partitions);
  EXPECT_EQ(**partitions, 2);
  const auto deadline = std::chrono::steady_clock::now() + patience;
  std::optional<std::int64_t> end;
  while (!end && std::chrono::steady_clock::now() < deadline) {
    const auto answer = client.consumer->uncommitted_end(first);
    ASSERT_TRUE(answer) << answer.error().message;
    end = *answer;
  }
  EXPECT_EQ(end, 3);
  std::optional<std::vector<Committed>> committed;
  while (!committed && std::chrono::steady_clock::now() < deadline) {
    const auto answer = client.consumer->committed(std::vector<TopicPartition>{first, second});
    ASSERT_TRUE(answer) << answer.error().message;
    committed = *answer;
  }
  ASSERT_TRUE(committed);
  ASSERT_EQ(committed->size(), 2U);
  EXPECT_EQ((*committed)[0].tp, first);
  EXPECT_EQ((*committed)[0].offset, std::nullopt);
}

TEST_F(Consume, AQuestionToABrokerThatIsDownHasNoAnswerYet) {
  auto client = this->client();
  ASSERT_TRUE(cluster_->set_down(true));
  const auto begun = std::chrono::steady_clock::now();
  const auto marks = client.consumer->watermarks(first);
  ASSERT_TRUE(marks) << marks.error().message;
  EXPECT_FALSE(*marks);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(3));
}

TEST_F(Consume, AQuestionToABrokerThatIsSilentIsGivenUpBeforeItsAnswer) {
  auto client = this->client();
  const auto before = client.consumer->watermarks(first);
  ASSERT_TRUE(before && *before) << "it is connected";
  ASSERT_EQ(rd_kafka_mock_broker_set_rtt(cluster_->native(), 1, 8'000), RD_KAFKA_RESP_ERR_NO_ERROR);
  const auto marks = client.consumer->watermarks(first);
  ASSERT_TRUE(marks) << marks.error().message;
  EXPECT_FALSE(*marks) << "waited for";
  ASSERT_EQ(rd_kafka_mock_broker_set_rtt(cluster_->native(), 1, 0), RD_KAFKA_RESP_ERR_NO_ERROR);
}

TEST_F(Consume, TheClusterIsToldBeforeTheGroupIsJoinedAndNotWhileNoBrokerAnswers) {
  auto client = this->client();
  const auto id = client.consumer->cluster_id();
  ASSERT_TRUE(id) << id.error().message;
  ASSERT_TRUE(*id);
  EXPECT_FALSE((*id)->empty());
  ASSERT_TRUE(cluster_->set_down(true));
  const auto none = client.consumer->cluster_id();
  ASSERT_TRUE(none) << none.error().message;
  EXPECT_FALSE(*none) << "what was known before may be another cluster's";
}

TEST_F(Consume, APartitionWithoutALeaderIsToldAsSuch) {
  auto client = this->client();
  const auto none = client.consumer->leaderless("in");
  ASSERT_TRUE(none && *none);
  EXPECT_EQ(**none, std::vector<std::int32_t>{});
  ASSERT_EQ(rd_kafka_mock_partition_set_leader(cluster_->native(), "in", 1, -1), RD_KAFKA_RESP_ERR_NO_ERROR);
  const auto one = client.consumer->leaderless("in");
  ASSERT_TRUE(one && *one);
  EXPECT_EQ(**one, std::vector<std::int32_t>{1});
  const auto marks = client.consumer->watermarks(second);
  ASSERT_TRUE(marks) << marks.error().message;
  EXPECT_FALSE(*marks);
}

}  // namespace firstseen::kafka::test
