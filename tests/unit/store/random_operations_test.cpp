#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "unit/store/support.h"

namespace firstseen::store::test {
namespace {

/// What the store should hold, kept in the plainest way.
struct ModelRecord {
  BatchId id;
  std::vector<SourceRange> ranges;
  std::vector<Entry> entries;
  bool in_log = true;

  [[nodiscard]] std::int64_t min_time() const { return std::ranges::min(entries, {}, &Entry::time_ms).time_ms; }
  [[nodiscard]] std::int64_t max_time() const {
    std::int64_t latest = 0;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      latest = i == 0 ? entries[i].time_ms : std::max(latest, entries[i].time_ms);
    }
    return latest;
  }
};

struct Model {
  std::vector<ModelRecord> log;
  std::vector<Entry> staged;
  std::map<TopicPartition, PartitionState> partitions;
  bool undecided = false;
  std::int64_t swept = -1;
  std::int64_t evicted = -1;

  [[nodiscard]] std::optional<std::int64_t> find(const Digest& digest, std::int64_t now, std::int64_t ttl) const {
    std::optional<std::int64_t> nearest;
    const auto visit = [&](const Entry& entry) {
      if (entry.digest != digest) return;
      if (entry.kind == EntryKind::forgotten) {
        nearest.reset();
      } else if (std::abs(now - entry.time_ms) <= ttl) {
        if (!nearest || std::abs(now - entry.time_ms) <= std::abs(now - *nearest)) nearest = entry.time_ms;
      }
    };
    for (const ModelRecord& record : log) std::for_each(record.entries.begin(), record.entries.end(), visit);
    std::for_each(staged.begin(), staged.end(), visit);
    return nearest;
  }

  [[nodiscard]] std::uint64_t entries() const {
    std::uint64_t count = 0;
    for (const ModelRecord& record : log) count += record.entries.size();
    return count;
  }
};

/// One run: random operations on a store and on the model, compared after each.
class RandomRun {
 public:
  RandomRun(std::uint64_t seed, std::uint64_t max_size, Durability durability, const LogLimits& limits)
      : random_(seed), limits_(limits) {
    options_ = options_for(directory_.path());
    options_.max_size_bytes = max_size;
    options_.durability = durability;
    options_.ttl = Millis{ttl};
  }

  void run(int operations) {
    ASSERT_NO_FATAL_FAILURE(reopen(false));
    for (int i = 0; i < operations && !testing::Test::HasFailure(); ++i) ASSERT_NO_FATAL_FAILURE(step());
    ASSERT_NO_FATAL_FAILURE(reopen(true));
  }

  [[nodiscard]] const Model& model() const { return model_; }
  [[nodiscard]] std::uint64_t coalesced() const { return coalesced_; }

 private:
  static constexpr std::int64_t ttl = 1000;

  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  std::uint64_t some_key() { return below(400); }
  std::int64_t about_now() { return now_ - static_cast<std::int64_t>(below(300)); }

  void step() {
    now_ += static_cast<std::int64_t>(below(30));
    switch (below(12)) {
      case 0:
        store_->drop_staged();
        model_.staged.clear();
        break;
      case 1:
        ASSERT_NO_FATAL_FAILURE(reopen(below(2) == 0));
        break;
      case 2:
      case 3:
      case 4:
        ASSERT_NO_FATAL_FAILURE(prepare());
        break;
      case 5:
        now_ += static_cast<std::int64_t>(below(500));
        break;
      case 6:
      case 7:
        ASSERT_NO_FATAL_FAILURE(decide_messages(below(8) == 0 ? below(700) : below(20)));
        break;
      default:
        stage(below(8) == 0 ? below(700) : below(20));
    }
    if (model_.undecided && below(2) == 0) {
      ASSERT_NO_FATAL_FAILURE(decide());
    }
    compare();
  }

  void stage(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      Entry entry = below(15) == 0 ? tombstone(some_key(), about_now())
                                   : seen(some_key(), about_now(), static_cast<std::int64_t>(below(1U << 20U)));
      if (entry.kind == EntryKind::seen) entry.range = static_cast<std::uint32_t>(below(range_count));
      store_->stage(entry);
      model_.staged.push_back(entry);
    }
  }

  void decide_messages(std::uint64_t count) {
    std::vector<Entry> messages;
    for (std::uint64_t i = 0; i < count; ++i) {
      messages.push_back(seen(some_key(), about_now(), static_cast<std::int64_t>(below(1U << 20U))));
      messages.back().range = static_cast<std::uint32_t>(below(range_count));
    }
    const bool refresh = below(4) == 0;
    std::vector<std::optional<Found>> found(messages.size());
    store_->decide(messages, refresh, found);
    for (std::size_t i = 0; i < messages.size(); ++i) {
      const auto expected = model_.find(messages[i].digest, messages[i].time_ms, ttl);
      ASSERT_EQ(found[i].has_value(), expected.has_value()) << "message " << i << " of " << count;
      if (expected) {
        ASSERT_EQ(found[i]->time_ms, *expected) << "message " << i << " of " << count;
      }
      if (!expected || refresh) model_.staged.push_back(messages[i]);
    }
  }

  void prepare() {
    if (model_.undecided) {
      ASSERT_NO_FATAL_FAILURE(decide());
    }
    std::vector<SourceRange> ranges;
    for (std::uint32_t i = 0; i < range_count; ++i) {
      const TopicPartition tp{"topic", static_cast<std::int32_t>(i + 10 * below(2))};
      const std::int64_t start = model_.partitions.contains(tp) ? model_.partitions[tp].next_offset : 0;
      ranges.push_back(range_of(tp.topic, tp.partition, start, start + 1 + static_cast<std::int64_t>(below(50)), now_));
    }
    const std::int64_t horizon = below(3) == 0 ? never : now_ - ttl - static_cast<std::int64_t>(below(200));
    const bool decided = below(6) == 0;
    const BatchId expected = store_->next_batch();
    auto prepared = store_->prepare(ranges, horizon, decided);
    ASSERT_TRUE(succeeded(prepared));
    EXPECT_EQ(*prepared, expected);
    adopt(expected, ranges, horizon, decided);
  }

  void adopt(const BatchId& id, std::vector<SourceRange>& ranges, std::int64_t horizon, bool decided) {
    auto& log = model_.log;
    if (horizon != never) model_.swept = std::max(model_.swept, horizon);
    while (!log.empty() && (log.front().entries.empty() || log.front().max_time() < horizon)) log.erase(log.begin());
    if (!log.empty() && log.back().entries.empty()) log.pop_back();
    const std::size_t before = log.size();
    for (SourceRange& range : ranges) {
      const auto known = model_.partitions.find(range.tp);
      if (known != model_.partitions.end()) range.before = known->second;
    }
    for (const SourceRange& range : ranges) model_.partitions[range.tp] = range.after;
    const bool has_record = !decided || !model_.staged.empty();
    if (has_record) log.push_back({id, ranges, model_.staged});
    model_.staged.clear();
    model_.undecided = !decided;
    follow_evictions();
    if (has_record && before >= 2) follow_coalescing(log.size() == before + 1);
  }

  /// The last two records before the new one are one when they are small. Only where room is short it may be left out.
  void follow_coalescing(bool none_evicted) {
    auto& log = model_.log;
    if (log.size() < 3) return;
    ModelRecord& older = log[log.size() - 3];
    const ModelRecord& newer = log[log.size() - 2];
    const std::size_t together = older.entries.size() + newer.entries.size();
    const std::int64_t span =
        std::max(older.max_time(), newer.max_time()) - std::min(older.min_time(), newer.min_time());
    const bool small = !older.entries.empty() && !newer.entries.empty() && together <= limits_.coalesce.entries &&
                       span <= ttl / limits_.coalesce.ttl_parts;
    const bool done = store_->stats().live_records == log.size() - 1;
    if (none_evicted && options_.max_size_bytes > (1U << 20U)) {
      ASSERT_EQ(done, small) << together << " entries over " << span << " ms";
    }
    ASSERT_TRUE(small || !done);
    if (!done) return;
    ++coalesced_;
    older.id = newer.id;
    older.entries.insert(older.entries.end(), newer.entries.begin(), newer.entries.end());
    log.erase(log.end() - 2);
  }

  /// The store alone knows how much must go for max_size: what went must be the oldest, and said.
  void follow_evictions() {
    const Stats stats = store_->stats();
    ASSERT_LE(stats.live_records, model_.log.size());
    ASSERT_GE(stats.live_records, model_.undecided ? 1U : 0U);
    while (model_.entries() > stats.live_entries) {
      model_.evicted = std::max(model_.evicted, model_.log.front().max_time());
      model_.log.erase(model_.log.begin());
    }
    EXPECT_EQ(stats.evicted_before_ms, model_.evicted);
    EXPECT_LE(stats.used_bytes, options_.max_size_bytes + (64U << 10U));
  }

  void decide() {
    if (below(2) == 0) {
      store_->settle();
    } else {
      ASSERT_TRUE(succeeded(store_->roll_back()));
      for (const SourceRange& range : model_.log.back().ranges) {
        if (range.before) {
          model_.partitions[range.tp] = *range.before;
        } else {
          model_.partitions.erase(range.tp);
        }
      }
      model_.log.pop_back();
    }
    model_.undecided = false;
  }

  void reopen(bool clean) {
    if (store_ && clean) {
      ASSERT_TRUE(succeeded(store_->close_clean()));
      if (++clean_stops_ % 4 != 0) store_->save_index(index_save_time);
    }
    store_.reset();
    model_.staged.clear();
    auto opened = LogStore::open(options_, limits_);
    ASSERT_TRUE(succeeded(opened));
    store_ = std::move(*opened);
    const auto undecided = store_->undecided();
    if (model_.undecided) {
      ASSERT_TRUE(undecided);
      EXPECT_EQ(undecided->id, model_.log.back().id);
    } else if (undecided) {
      // Settled in memory only: the evidence is lost, so it may come back as undecided, but only the last batch.
      EXPECT_FALSE(clean);
      ASSERT_FALSE(model_.log.empty());
      EXPECT_EQ(undecided->id, model_.log.back().id);
      model_.undecided = true;
    }
    compare();
  }

  void compare() {
    EXPECT_EQ(store_->partitions(), model_.partitions);
    EXPECT_EQ(store_->staged(), model_.staged.size());
    const Stats stats = store_->stats();
    EXPECT_EQ(stats.live_entries, model_.entries());
    EXPECT_EQ(stats.live_records, model_.log.size());
    EXPECT_EQ(stats.swept_before_ms, model_.swept);
    for (std::uint64_t key = 0; key < 400; key += 1 + below(20)) {
      const std::int64_t now = now_ - static_cast<std::int64_t>(below(1500));
      const auto expected = model_.find(digest_of(key), now, ttl);
      const auto found = store_->find(digest_of(key), now);
      ASSERT_EQ(found.has_value(), expected.has_value()) << "key " << key << " at " << now;
      if (found) {
        ASSERT_EQ(found->time_ms, *expected) << "key " << key << " at " << now;
      }
    }
  }

  static constexpr std::uint32_t range_count = 3;

  std::mt19937_64 random_;
  std::uint64_t clean_stops_ = 0;
  std::uint64_t coalesced_ = 0;
  LogLimits limits_;
  TemporaryDirectory directory_;
  OpenOptions options_;
  std::unique_ptr<LogStore> store_;
  Model model_;
  std::int64_t now_ = 1'000'000;
};

/// FIRSTSEEN_SEED repeats one run.
std::vector<std::uint64_t> seeds(std::uint64_t count) {
  if (const char* given = std::getenv("FIRSTSEEN_SEED")) return {std::strtoull(given, nullptr, 10)};
  std::vector<std::uint64_t> result;
  for (std::uint64_t seed = 1; seed <= count; ++seed) result.push_back(seed);
  return result;
}

void run_all(std::uint64_t count, std::uint64_t max_size, Durability durability, const LogLimits& limits,
             bool must_evict) {
  bool evicted = false;
  std::uint64_t coalesced = 0;
  for (const std::uint64_t seed : seeds(count)) {
    SCOPED_TRACE(fmt::format("FIRSTSEEN_SEED={}", seed));
    RandomRun run(seed, max_size, durability, limits);
    run.run(400);
    evicted = evicted || run.model().evicted >= 0;
    coalesced += run.coalesced();
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_EQ(evicted, must_evict);
  EXPECT_EQ(coalesced != 0, limits.coalesce.entries != 0);
}

/// Half of the records are small enough, and lie near enough to each other.
constexpr CoalesceLimits often{.entries = 500, .ttl_parts = 1};

TEST(StoreAgainstOracle, RandomOperationsAgree) {
  run_all(10, 64ULL << 20U, Durability::power_loss, {.coalesce = often}, false);
}

TEST(StoreAgainstOracle, RandomOperationsAgreeWithRecordsThatStayAsTheyAre) {
  run_all(10, 64ULL << 20U, Durability::power_loss, {.coalesce = {.entries = 0}}, false);
}

TEST(StoreAgainstOracle, RandomOperationsAgreeWithoutSync) {
  run_all(10, 64ULL << 20U, Durability::process_crash, {.coalesce = often}, false);
}

TEST(StoreAgainstOracle, RandomOperationsAgreeWhenTheOldestMustGoForMaxSize) {
  run_all(10, 96ULL << 10U, Durability::power_loss, {.coalesce = often}, true);
}

TEST(StoreAgainstOracle, RandomOperationsAgreeWhenPositionsWrapAround) {
  run_all(10, 64ULL << 20U, Durability::power_loss, {.first = 0xFFFFE000U, .longest_log = 1U << 30U, .coalesce = often},
          false);
}

TEST(StoreAgainstOracle, RandomOperationsAgreeWhenPositionsRunOut) {
  run_all(10, 64ULL << 20U, Durability::power_loss, {.first = 0xFFFFE000U, .longest_log = 2048, .coalesce = often},
          true);
}

}  // namespace
}  // namespace firstseen::store::test
