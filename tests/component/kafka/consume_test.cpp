#include "component/kafka/fixture.h"

namespace firstseen::kafka::test {

namespace {

using Consume = KafkaTest;

const TopicPartition first{"in", 0};
const TopicPartition second{"in", 1};

std::vector<Record> numbered(std::int32_t partition, int count) {
  std::vector<Record> records;
  for (int i = 0; i < count; ++i) records.push_back({partition, 0, 1'700'000'000'000 + i, "k", std::to_string(i), {}});
  return records;
}

}  // namespace

TEST_F(Consume, NothingIsFetchedBeforeTheAssignmentIsAnswered) {
  write("in", numbered(0, 3));
  auto client = this->client();
  ASSERT_TRUE(client->subscribe({"in"}));
  const Rebalance rebalance = next_rebalance(*client);
  EXPECT_EQ(rebalance.kind, Rebalance::Kind::assigned);
  EXPECT_EQ(rebalance.partitions, (std::vector<TopicPartition>{first, second}));
  const auto taken = client->take(10, Millis(500));
  ASSERT_TRUE(taken);
  EXPECT_TRUE(taken->messages.empty());
  ASSERT_TRUE(client->assign(std::vector<Position>{{first, 1}, {second, 0}}));
  const std::vector<Record> records = read(*client, 2);
  EXPECT_EQ(records.front().offset, 1);
}

TEST_F(Consume, ARewindDeliversEveryMessageFromItsPositionAgain) {
  write("in", numbered(0, 1000));
  auto client = this->client();
  join(*client);
  EXPECT_GE(read(*client, 600).size(), 600U);
  ASSERT_TRUE(client->rewind(std::vector<Position>{{first, 100}}));
  const std::vector<Record> records = read(*client, 900);
  ASSERT_EQ(records.size(), 900U);
  for (std::size_t i = 0; i < records.size(); ++i) ASSERT_EQ(records[i].offset, 100 + static_cast<std::int64_t>(i));
}

TEST_F(Consume, APausedPartitionDeliversNothingUntilItIsResumed) {
  write("in", numbered(0, 100));
  write("in", numbered(1, 100));
  auto client = this->client();
  join(*client);
  ASSERT_TRUE(client->pause(std::vector<TopicPartition>{first}));
  for (const Record& record : read(*client, 100)) ASSERT_EQ(record.partition, 1);
  ASSERT_TRUE(client->rewind(std::vector<Position>{{first, 40}}));
  ASSERT_TRUE(client->resume(std::vector<TopicPartition>{first}));
  const std::vector<Record> records = read(*client, 60);
  ASSERT_EQ(records.size(), 60U);
  EXPECT_EQ(records.front().offset, 40);
  EXPECT_EQ(records.back().offset, 99);
}

TEST_F(Consume, TheEndOfTheLogIsReported) {
  write("in", numbered(0, 3));
  auto client = this->client();
  join(*client);
  std::map<TopicPartition, std::int64_t> ends;
  take_until(
      *client, [&] { return ends.size() == 2; },
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
  ASSERT_TRUE(client->subscribe({"in"}));
  next_rebalance(*client);
  ASSERT_TRUE(client->assign(std::vector<Position>{{first, 5000}, {second, 0}}));
  bool reported = false;
  take_until(
      *client, [&] { return reported; },
      [&](const Taken& taken) {
        for (const PartitionEvent& event : taken.events) {
          reported |= event.kind == PartitionEvent::Kind::offset_out_of_range && event.tp == first;
        }
      });
  ASSERT_TRUE(client->rewind(std::vector<Position>{{first, 2}}));
  const std::vector<Record> records = read(*client, 3);
  ASSERT_EQ(records.size(), 3U);
  EXPECT_EQ(records.front().offset, 2);
}

}  // namespace firstseen::kafka::test
