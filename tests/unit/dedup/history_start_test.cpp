#include "dedup/history_start.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace firstseen::dedup {
namespace {

class FixedClock final : public Clock {
 public:
  [[nodiscard]] std::int64_t wall_ms() const override { return 1'000'000; }
  [[nodiscard]] std::int64_t steady_ms() const override { return 0; }
};

/// A consumer that only knows one partition's timestamps; every other question is a mistake.
class TimeIndex final : public kafka::Consumer {
 public:
  explicit TimeIndex(std::vector<std::int64_t> timestamps) : timestamps_(std::move(timestamps)) {}

  Result<std::optional<std::int64_t>> offset_for_time(const TopicPartition&, std::int64_t at) override {
    if (++questions_ % 3 == 0) return std::optional<std::int64_t>{};  // no answer in time
    const auto first = std::find_if(timestamps_.begin(), timestamps_.end(), [&](std::int64_t t) { return t >= at; });
    return std::optional<std::int64_t>{first - timestamps_.begin()};
  }

  Result<void> subscribe(const std::vector<std::string>&) override { return unasked(); }
  Result<kafka::Taken> take(std::size_t, Millis) override { return unasked(); }
  Result<void> assign(std::span<const Position>) override { return unasked(); }
  Result<void> unassign() override { return unasked(); }
  Result<void> rewind(std::span<const Position>) override { return unasked(); }
  Result<void> pause(std::span<const TopicPartition>) override { return unasked(); }
  Result<void> resume(std::span<const TopicPartition>) override { return unasked(); }
  Result<kafka::GroupMembership> membership() override { return unasked(); }
  Result<kafka::Progress> commit(std::span<const kafka::OffsetCommit>, const kafka::GroupMembership&) override {
    return unasked();
  }
  Result<std::optional<std::vector<kafka::Committed>>> committed(std::span<const TopicPartition>) override {
    return unasked();
  }
  Result<std::optional<kafka::Watermarks>> watermarks(const TopicPartition&) override { return unasked(); }
  Result<std::optional<std::int32_t>> partition_count(const std::string&) override { return unasked(); }

 private:
  static tl::unexpected<Error> unasked() { return fail(Exit::internal, "not to be asked"); }
  std::vector<std::int64_t> timestamps_;
  int questions_ = 0;
};

struct Answer {
  std::int64_t from;
  bool covers_window;
};

Answer find_start(std::vector<std::int64_t> timestamps, std::int64_t lower, std::int64_t end, Millis ttl) {
  SlotOptions options;
  options.ttl = ttl;
  options.max_skew = Millis{0};
  TimeIndex client(std::move(timestamps));
  FixedClock clock;
  HistoryStart start(client, options, clock, {"t", 0}, lower, end);
  int steps = 0;
  for (auto step = start.step(); step && *step == kafka::Progress::again; step = start.step()) {
    if (++steps > 200) ADD_FAILURE() << "it does not end";
    if (steps > 200) break;
  }
  return {start.from(), start.covers_window()};
}

std::vector<std::int64_t> every(std::int64_t from, std::int64_t step, int count) {
  std::vector<std::int64_t> timestamps;
  timestamps.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) timestamps.push_back(from + i * step);
  return timestamps;
}

TEST(HistoryStart, ReachesBackOneWindowFromTheStreamTimeAtTheEndNotFromTheWallClock) {
  // Messages 0..99 at 10'000, 10'100, ...; the clock stands far later. The window before offset 80 begins at 17'900 -
  // 2'000.
  const Answer answer = find_start(every(10'000, 100, 100), 0, 80, Millis{2000});
  EXPECT_TRUE(answer.covers_window);
  EXPECT_LE(answer.from, 59);
  EXPECT_GE(answer.from, 57);
}

TEST(HistoryStart, IsTheLowerBoundWhenTheWindowReachesBeyondIt) {
  EXPECT_EQ(find_start(every(10'000, 100, 100), 20, 80, Millis{900'000}).from, 20);
  EXPECT_FALSE(find_start(every(10'000, 100, 100), 20, 80, Millis{900'000}).covers_window);
  EXPECT_EQ(find_start(every(10'000, 100, 100), 0, 80, Millis{2'000'000}).from, 0);
}

TEST(HistoryStart, HandlesTimestampsOutOfOrder) {
  std::vector<std::int64_t> timestamps = every(10'000, 100, 100);
  std::swap(timestamps[10], timestamps[70]);  // stream time at 80 is still 17'900, some of it early
  const Answer answer = find_start(timestamps, 0, 80, Millis{2000});
  EXPECT_LE(answer.from, 59) << "erring towards more history is right";
}

TEST(HistoryStart, OfAnEmptyStretchIsItsEnd) {
  EXPECT_EQ(find_start(every(900'000, 1, 10), 0, 0, Millis{1000}).from, 0);
}

}  // namespace
}  // namespace firstseen::dedup
