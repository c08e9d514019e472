// Taking messages and publishing them asks for no memory of our own per message in steady state. What librdkafka takes
// from malloc is not counted.

#include "support/allocations.h"

#include <array>

#include "component/kafka/fixture.h"

namespace firstseen::kafka::test {
namespace {

constexpr std::size_t messages_per_batch = 4000;
constexpr int batches = 6;

class Allocations : public KafkaTest {
 protected:
  static std::vector<Record> batch() {
    std::vector<Record> records;
    for (std::size_t i = 0; i < messages_per_batch; ++i) {
      const std::string number = std::to_string(i);
      records.push_back({static_cast<std::int32_t>(i % 2),
                         0,
                         1'700'000'000'000,
                         "a-key-too-long-for-a-small-string-" + number,
                         "a value too long for a small string " + number,
                         {{"tenant", "a-tenant-with-a-long-name"}, {"trace", std::nullopt}}});
    }
    return records;
  }

  /// One batch as the slot does it, added header and all; what it allocated.
  std::uint64_t republish(Client& client) {
    const auto membership = client.consumer->membership();
    EXPECT_TRUE(client.publisher->begin());
    std::array<OffsetCommit, 2> offsets;
    const std::array<AddedHeader, 1> added{{{"firstseen-reason", "a reason longer than a small string"}}};
    std::uint64_t allocated = 0;
    std::size_t published = 0;
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (published < messages_per_batch && std::chrono::steady_clock::now() < deadline) {
      const std::uint64_t before = firstseen::test::allocations();
      const auto taken = client.consumer->take(1000, Millis(100));
      EXPECT_TRUE(taken);
      for (const MessageView& view : taken->messages) {
        auto progress = client.publisher->publish(view, {"a-topic-with-quite-a-long-name", view.partition}, added);
        while (progress && *progress == Progress::again) {
          progress = client.publisher->publish(view, {"a-topic-with-quite-a-long-name", view.partition}, added);
        }
        EXPECT_TRUE(progress);
        ++published;
      }
      allocated += firstseen::test::allocations() - before;
      for (const MessageView& view : taken->messages) {
        offsets.at(static_cast<std::size_t>(view.partition)) = {{"in", view.partition}, view.offset + 1, "batch"};
      }
    }
    EXPECT_EQ(published, messages_per_batch);
    finish([&] { return client.publisher->send_offsets(offsets, *membership); });
    finish([&] { return client.publisher->commit(); });
    return allocated;
  }
};

TEST_F(Allocations, AreNoneForAMessageThatIsTakenAndPublished) {
  ASSERT_TRUE(cluster_->create_topic("a-topic-with-quite-a-long-name", 2));
  auto client = this->client();
  join(client);
  std::vector<std::uint64_t> allocated;
  for (int i = 0; i < batches; ++i) {
    write("in", batch());
    allocated.push_back(republish(client));
  }
  // A few for each take(), however many messages it brings.
  EXPECT_LT(allocated.back(), messages_per_batch / 50) << ::testing::PrintToString(allocated);
}

}  // namespace
}  // namespace firstseen::kafka::test
