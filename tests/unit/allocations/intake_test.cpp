// The taking stage works on a message without asking for memory: keys, the store's answers, what is to be published.
#include "dedup/intake.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "dedup/batch.h"
#include "dedup/context.h"
#include "support/allocations.h"
#include "support/temporary_directory.h"

namespace firstseen::dedup {
namespace {

/// A consumer of whom only the membership is asked.
class Member final : public kafka::Consumer {
 public:
  Result<void> subscribe(const std::vector<std::string>& /*topics*/) override { return {}; }
  Result<kafka::Taken> take(std::size_t /*max*/, Millis /*wait*/) override { return kafka::Taken{}; }
  Result<void> assign(std::span<const Position> /*positions*/) override { return {}; }
  Result<void> unassign() override { return {}; }
  Result<void> rewind(std::span<const Position> /*positions*/) override { return {}; }
  Result<void> pause(std::span<const TopicPartition> /*partitions*/) override { return {}; }
  Result<void> resume(std::span<const TopicPartition> /*partitions*/) override { return {}; }
  Result<kafka::GroupMembership> membership() override { return std::make_shared<int>(0); }
  Result<kafka::Progress> commit(std::span<const kafka::OffsetCommit> /*offsets*/,
                                 const kafka::GroupMembership& /*membership*/) override {
    return kafka::Progress::done;
  }
  Result<std::optional<std::vector<kafka::Committed>>> committed(std::span<const TopicPartition> /*all*/) override {
    return std::nullopt;
  }
  Result<std::optional<kafka::Watermarks>> watermarks(const TopicPartition& /*tp*/) override { return std::nullopt; }
  Result<std::optional<std::int64_t>> offset_for_time(const TopicPartition& /*tp*/, std::int64_t /*ms*/) override {
    return std::nullopt;
  }
  Result<std::optional<std::int32_t>> partition_count(const std::string& /*topic*/) override { return std::nullopt; }
};

constexpr std::size_t chunk_messages = 4096;
constexpr std::int64_t begin_ms = 1'700'000'000'000;
const std::string topic = "orders-of-all-our-shops-in-one-long-name";

/// The taking stage's parts around a store of its own. Chunks come from two partitions in turn; every second message is
/// a duplicate of an earlier batch.
class Stage {
 public:
  explicit Stage(std::vector<std::string> parts) : deriver_(deriver(std::move(parts))), store_(open(directory_)) {
    options_.output_topic = "{topic}-first-seen-and-nothing-else";
    options_.duplicates = DuplicateRoute::topic;
    options_.duplicates_topic = "duplicates";
    for (const std::int32_t partition : {0, 1}) partitions_.add({topic, partition});
    for (std::size_t i = 0; i < chunk_messages; ++i) {
      values_.emplace_back();
      keys_.emplace_back();
    }
    messages_.resize(chunk_messages);
  }

  /// Allocations of taking one chunk.
  std::uint64_t take_chunk() {
    make_messages();
    const std::uint64_t before = test::allocations();
    publications_.clear();
    const auto taken = intake_.take(messages_, publications_);
    const std::uint64_t asked = test::allocations() - before;
    EXPECT_TRUE(taken && *taken == chunk_messages);
    EXPECT_EQ(publications_.list.size(), chunk_messages);
    return asked;
  }

  void end_batch() {
    for (auto& [tp, partition] : partitions_) {
      if (partition.range >= 0) batch_.close_range(partition);
      partition.range = -1;
    }
    ASSERT_TRUE(store_->prepare(batch_.ranges(), batch_.expire_before_ms(), false));
    store_->settle();
    EXPECT_GT(batch_.counts().first_seen, 0U);
    EXPECT_EQ(batch_.counts().rejected, 0U);
    duplicates_ += batch_.counts().duplicates;
    batch_.clear();
  }

  [[nodiscard]] std::uint64_t duplicates() const { return duplicates_; }

 private:
  static std::unique_ptr<key::Deriver> deriver(std::vector<std::string> parts) {
    key::KeySpec spec;
    for (std::string& part : parts) spec.fields.push_back({std::move(part), std::nullopt});
    auto made = key::Deriver::make(spec);
    if (!made) ADD_FAILURE() << made.error().message;
    return made ? std::move(*made) : nullptr;
  }

  static std::unique_ptr<store::SeenStore> open(const test::TemporaryDirectory& directory) {
    store::OpenOptions options;
    options.directory = directory.path() / "store";
    options.durability = store::Durability::process_crash;
    options.max_size_bytes = 1ULL << 30U;
    auto opened = store::SeenStore::open(options);
    if (!opened) ADD_FAILURE() << opened.error().message;
    return opened ? std::move(*opened) : nullptr;
  }

  void make_messages() {
    for (std::size_t i = 0; i < chunk_messages; ++i) {
      const std::uint64_t number = next_ + i;
      const std::uint64_t key = i % 2 == 0 || number < 2 * chunk_messages ? number : number - 2 * chunk_messages - 1;
      keys_[i] = "order-with-quite-a-long-number-" + std::to_string(key);
      values_[i] = R"({"shop":{"name":"north"},"lines":[1,2,3],"id":")" + keys_[i] + R"("})";
      MessageView& message = messages_[i];
      message.topic = topic;
      message.partition = static_cast<std::int32_t>(i / 512 % 2);
      message.offset = static_cast<std::int64_t>(number);
      message.timestamp_ms = begin_ms + static_cast<std::int64_t>(number);
      message.key = keys_[i];
      message.value = values_[i];
      message.headers = headers_;
    }
    next_ += chunk_messages;
  }

  test::TemporaryDirectory directory_;
  SlotOptions options_;
  std::unique_ptr<key::Deriver> deriver_;
  std::unique_ptr<store::SeenStore> store_;
  Member consumer_;
  SystemClock clock_;
  StopControl stop_;
  std::function<void(Millis)> idle_;
  LogSink log_;
  Context context_{options_, *deriver_, *store_, consumer_, clock_, nullptr, stop_, idle_, log_};
  Partitions partitions_;
  Batch batch_;
  Suspects suspects_;
  std::set<Position> skipped_;
  Intake intake_{context_, partitions_, batch_, suspects_, skipped_};
  Publications publications_;
  std::uint64_t next_ = 0;
  std::uint64_t duplicates_ = 0;
  std::array<HeaderView, 2> headers_{{{"tenant", "a-tenant-with-a-long-name"}, {"trace", std::nullopt}}};
  std::vector<std::string> keys_, values_;
  std::vector<MessageView> messages_;
};

class Intakes : public ::testing::TestWithParam<std::vector<std::string>> {};

TEST_P(Intakes, AskForNoMemoryPerMessageInSteadyState) {
  Stage stage(GetParam());
  constexpr int batches = 40;
  constexpr int chunks = 4;
  std::uint64_t in_steady_state = 0;
  for (int batch = 0; batch < batches; ++batch) {
    for (int chunk = 0; chunk < chunks; ++chunk) {
      const std::uint64_t asked = stage.take_chunk();
      if (batch >= batches / 2) in_steady_state += asked;
    }
    ASSERT_NO_FATAL_FAILURE(stage.end_batch());
  }
  EXPECT_GT(stage.duplicates(), chunk_messages / 3 * batches * chunks) << "the test does not meet duplicates";
  // A batch's ranges and membership, a larger index now and then: a few dozen for 16,384 messages.
  EXPECT_LT(in_steady_state, batches / 2 * 64);
}

INSTANTIATE_TEST_SUITE_P(
    ForEveryKindOfPart, Intakes,
    ::testing::Values(std::vector<std::string>{"payload:/id"}, std::vector<std::string>{"record_key"},
                      std::vector<std::string>{"header:tenant", "payload:/shop/name", "record_key"},
                      std::vector<std::string>{"payload", "topic", "timestamp:1h"}));

}  // namespace
}  // namespace firstseen::dedup
