#include <algorithm>
#include <array>
#include <chrono>

#include "component/kafka/fixture.h"

namespace firstseen::kafka::test {

namespace {

constexpr std::int64_t noon = 1'700'000'000'000;

class Publish : public KafkaTest, public ::testing::WithParamInterface<Guarantee> {
 protected:
  static OffsetCommit behind(const Record& record) { return {{"in", record.partition}, record.offset + 1, "batch-7"}; }

  /// Republishes what take() brings, as one batch, until `count` messages are through.
  void republish(Client& client, std::size_t count, std::span<const AddedHeader> added = {}) {
    const auto membership = client.consumer->membership();
    ASSERT_TRUE(membership) << membership.error().message;
    ASSERT_TRUE(client.publisher->begin());
    std::vector<OffsetCommit> offsets;
    std::size_t published = 0;
    take_until(
        client, [&] { return published >= count; },
        [&](const Taken& taken) {
          for (const MessageView& view : taken.messages) {
            finish([&] { return client.publisher->publish(view, {"out", view.partition}, added); });
            offsets.push_back(behind(record_of(view)));
            ++published;
          }
        });
    finish([&] { return client.publisher->send_offsets(offsets, *membership); });
    finish([&] { return client.publisher->commit(); });
    EXPECT_TRUE(client.publisher->failures().empty());
  }
};

std::vector<Record> awkward_records() {
  return {
      {0, 0, noon + 1, std::nullopt, std::nullopt, {}},
      {0, 0, noon + 2, "", "", {}},
      {1, 0, noon + 3, std::string("k\0k", 3), std::string("\xff\0\x80", 3), {{"b", "1"}, {"a", "2"}, {"b", "3"}}},
      {1, 0, 1, "k", std::nullopt, {{"null", std::nullopt}, {"empty", ""}, {"", "no name"}}},
      {0, 0, noon, std::nullopt, std::string(2'000'000, 'x'), {}},
  };
}

}  // namespace

TEST_P(Publish, EveryByteKeyHeaderAndTimestampArrivesUnchanged) {
  const std::vector<Record> written = awkward_records();
  write("in", written);
  auto client = this->client(options(GetParam()));
  join(client);
  republish(client, written.size());
  const std::vector<Record> arrived = contents("out", written.size());
  ASSERT_EQ(arrived.size(), written.size());
  for (const Record& record : written) {
    EXPECT_EQ(std::count_if(arrived.begin(), arrived.end(), [&](const Record& r) { return same_content(r, record); }),
              1)
        << "timestamp " << record.timestamp_ms;
  }
}

TEST_P(Publish, TheNextBatchBeginsNoSoonerAfterACommitThanIsTold) {
  auto client = this->client(options(GetParam()));
  const Millis pause = client.publisher->pause_after_commit();
  EXPECT_EQ(pause > Millis{0}, GetParam() == Guarantee::exactly_once);
  ASSERT_TRUE(client.publisher->begin());
  const auto before = std::chrono::steady_clock::now();
  finish([&] { return client.publisher->commit(); });
  ASSERT_TRUE(client.publisher->begin());
  EXPECT_GE(std::chrono::steady_clock::now() - before, pause);
}

TEST_P(Publish, AddedHeadersStandBehindTheMessagesOwn) {
  write("in", {{0, 0, noon, "k", "v", {{"own", "1"}}}, {1, 0, noon, "k", "v", {}}});
  auto client = this->client(options(GetParam()));
  join(client);
  const std::array<AddedHeader, 2> added{{{"firstseen-reason", "too late"}, {"own", "2"}}};
  republish(client, 2, added);
  std::vector<Record> arrived = contents("out", 2);
  ASSERT_EQ(arrived.size(), 2U);
  std::sort(arrived.begin(), arrived.end(), [](const Record& a, const Record& b) { return a.partition < b.partition; });
  EXPECT_EQ(arrived[0].headers, (Headers{{"own", "1"}, {"firstseen-reason", "too late"}, {"own", "2"}}));
  EXPECT_EQ(arrived[1].headers, (Headers{{"firstseen-reason", "too late"}, {"own", "2"}}));
}

TEST_P(Publish, BatchesFollowOneAnotherOnOneClient) {
  auto client = this->client(options(GetParam()));
  join(client);
  for (int batch = 0; batch < 3; ++batch) {
    write("in", {{0, 0, noon, "k", std::to_string(batch), {}}});
    republish(client, 1);
  }
  const std::vector<Record> arrived = contents("out", 3);
  ASSERT_EQ(arrived.size(), 3U);
  EXPECT_EQ(arrived[2].value, "2");
}

INSTANTIATE_TEST_SUITE_P(Guarantees, Publish, ::testing::Values(Guarantee::exactly_once, Guarantee::at_least_once),
                         [](const auto& param) {
                           return param.param == Guarantee::exactly_once ? "ExactlyOnce" : "AtLeastOnce";
                         });

}  // namespace firstseen::kafka::test
