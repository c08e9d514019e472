#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <utility>

#include "unit/store/store_model.h"
#include "unit/store/support.h"

namespace firstseen::store::test {

/// What varies from test to test.
struct Setting {
  std::uint64_t max_size = 64ULL << 20U;
  Durability durability = Durability::power_loss;
  LogLimits limits = {};
  std::vector<Millis> windows = {};  ///< empty: a store with the one window that has no name
};

/// One run: random operations on a store and on the model, compared after each.
class RandomRun {
 public:
  RandomRun(std::uint64_t seed, const Setting& setting) : random_(seed), limits_(setting.limits) {
    options_ = options_for(directory_.path());
    options_.max_size_bytes = setting.max_size;
    options_.durability = setting.durability;
    options_.ttl = Millis{1000};
    model_.ttls.assign(1, 1000);
    model_.log_of.assign(1, 0);
    if (!setting.windows.empty()) add_windows(setting.windows);
    model_.logs.resize(1 + std::ranges::max(model_.log_of));
  }

  void run(int operations) {
    ASSERT_NO_FATAL_FAILURE(reopen(false));
    for (int i = 0; i < operations && !testing::Test::HasFailure(); ++i) ASSERT_NO_FATAL_FAILURE(step());
    ASSERT_NO_FATAL_FAILURE(reopen(true));
    const auto verification = verify(directory_.path());
    ASSERT_TRUE(succeeded(verification));
    EXPECT_EQ(verification->problems, std::vector<std::string>());
  }

  [[nodiscard]] bool evicted() const { return evicted_; }
  [[nodiscard]] std::uint64_t coalesced() const { return coalesced_; }

 private:
  /// Equal ttls share a log.
  void add_windows(const std::vector<Millis>& ttls) {
    model_.ttls.clear();
    model_.log_of.clear();
    std::map<std::int64_t, std::size_t> logs;
    for (const Millis ttl : ttls) {
      options_.windows.push_back({fmt::format("window-{}", options_.windows.size()), ttl});
      model_.ttls.push_back(ttl.count());
      model_.log_of.push_back(logs.emplace(ttl.count(), logs.size()).first->second);
    }
  }

  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  std::uint8_t some_window() { return static_cast<std::uint8_t>(below(model_.ttls.size())); }
  static Digest key_of(std::uint64_t key, std::uint8_t window) { return digest_of(key + 1000ULL * window); }
  std::int64_t about_now() { return now_ - static_cast<std::int64_t>(below(300)); }

  Entry some_message() {
    Entry entry = seen(0, about_now(), static_cast<std::int64_t>(below(1U << 20U)));
    entry.window = some_window();
    entry.digest = key_of(below(400), entry.window);
    entry.range = static_cast<std::uint32_t>(below(range_count));
    return entry;
  }

  void step() {
    now_ += static_cast<std::int64_t>(below(30));
    switch (below(12)) {
      case 0:
        store_->drop_staged();
        for (ModelLog& log : model_.logs) log.staged.clear();
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
      Entry entry = some_message();
      if (below(15) == 0) {
        entry = tombstone(0, about_now());
        entry.digest = key_of(below(400), some_window());
      }
      store_->stage(entry);
      for (std::size_t log = 0; log < model_.logs.size(); ++log) {
        const bool here = entry.kind == EntryKind::forgotten || model_.log_of[entry.window] == log;
        if (here) model_.logs[log].staged.push_back(entry);
      }
    }
  }

  void decide_messages(std::uint64_t count) {
    std::vector<Entry> messages;
    messages.reserve(count);
    for (std::uint64_t i = 0; i < count; ++i) messages.push_back(some_message());
    const bool refresh = below(4) == 0;
    std::vector<std::optional<Found>> found(messages.size());
    store_->decide(messages, refresh, found);
    for (std::size_t i = 0; i < messages.size(); ++i) {
      const auto expected = model_.find(messages[i].digest, messages[i].time_ms, messages[i].window);
      ASSERT_EQ(found[i].has_value(), expected.has_value()) << "message " << i << " of " << count;
      if (expected) {
        ASSERT_EQ(found[i]->time_ms, *expected) << "message " << i << " of " << count;
      }
      if (!expected || refresh) model_.logs[model_.log_of[messages[i].window]].staged.push_back(messages[i]);
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
    const std::int64_t longest = std::ranges::max(model_.ttls);
    const std::int64_t horizon = below(3) == 0 ? never : now_ - longest - static_cast<std::int64_t>(below(200));
    const bool decided = below(6) == 0;
    const BatchId expected = store_->next_batch();
    auto prepared = store_->prepare(ranges, horizon, decided);
    ASSERT_TRUE(succeeded(prepared));
    EXPECT_EQ(*prepared, expected);
    adopt(expected, ranges, horizon, decided);
  }

  void adopt(const BatchId& id, std::vector<SourceRange>& ranges, std::int64_t horizon, bool decided) {
    for (SourceRange& range : ranges) {
      const auto known = model_.partitions.find(range.tp);
      if (known != model_.partitions.end()) range.before = known->second;
    }
    for (const SourceRange& range : ranges) model_.partitions[range.tp] = range.after;
    const std::int64_t longest = std::ranges::max(model_.ttls);
    for (std::size_t i = 0; i < model_.logs.size(); ++i) {
      const std::int64_t here = horizon == never ? never : horizon + longest - model_.ttl_of_log(i);
      adopt_in(i, {id, ranges, {}}, here, decided);
    }
    if (!decided) model_.undecided = ModelRecord{id, ranges, {}};
  }

  void adopt_in(std::size_t number, ModelRecord record, std::int64_t horizon, bool decided) {
    ModelLog& log = model_.logs[number];
    auto& records = log.records;
    if (horizon != never) log.swept = std::max(log.swept, horizon);
    while (!records.empty() && (records.front().entries.empty() || records.front().max_time() < horizon)) {
      if (!records.front().entries.empty()) log.removed = std::max(log.removed, records.front().max_time() + 1);
      records.erase(records.begin());
    }
    if (!records.empty() && records.back().entries.empty()) records.pop_back();
    const std::size_t before = records.size();
    const bool has_record = !log.staged.empty() || (number == 0 && !decided);
    record.entries = std::move(log.staged);
    log.staged.clear();
    if (has_record) records.push_back(std::move(record));
    follow_evictions(number);
    if (has_record && before >= 2) follow_coalescing(number, records.size() == before + 1);
  }

  /// The last two records before the new one are one when they are small. Only where room is short it may be left out.
  void follow_coalescing(std::size_t number, bool none_evicted) {
    auto& log = model_.logs[number].records;
    if (log.size() < 3) return;
    ModelRecord& older = log[log.size() - 3];
    const ModelRecord& newer = log[log.size() - 2];
    const std::size_t together = older.entries.size() + newer.entries.size();
    const std::int64_t span =
        std::max(older.max_time(), newer.max_time()) - std::min(older.min_time(), newer.min_time());
    const bool small = !older.entries.empty() && !newer.entries.empty() && together <= limits_.coalesce.entries &&
                       span <= model_.ttl_of_log(number) / limits_.coalesce.ttl_parts;
    const bool done = stats_of(number).live_records == log.size() - 1;
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

  /// Of a store without windows the figures of the whole are those of its log.
  LogStats stats_of(std::size_t number) {
    const Stats stats = store_->stats();
    if (!stats.logs.empty()) return stats.logs.at(number);
    LogStats log;
    log.live_entries = stats.live_entries;
    log.live_records = stats.live_records;
    log.swept_before_ms = stats.swept_before_ms;
    log.removed_before_ms = stats.removed_before_ms;
    log.evicted_before_ms = stats.evicted_before_ms;
    return log;
  }

  /// The store alone knows how much must go for max_size: what went must be the oldest of its log, and said. The sweep
  /// that comes to where it was counts it as removed.
  void follow_evictions(std::size_t number) {
    ModelLog& log = model_.logs[number];
    const LogStats stats = stats_of(number);
    ASSERT_LE(stats.live_records, log.records.size());
    while (log.entries() > stats.live_entries) {
      log.evicted = std::max(log.evicted, log.records.front().max_time());
      log.records.erase(log.records.begin());
      evicted_ = true;
    }
    EXPECT_EQ(stats.evicted_before_ms, log.evicted);
    if (log.evicted >= 0) log.removed = std::max(log.removed, std::min(log.evicted + 1, log.swept));
    EXPECT_LE(store_->stats().used_bytes, options_.max_size_bytes + (64U << 10U) * model_.logs.size());
  }

  void decide() {
    if (below(2) == 0) {
      store_->settle();
    } else {
      ASSERT_TRUE(succeeded(store_->roll_back()));
      for (const SourceRange& range : model_.undecided->ranges) {
        if (range.before) {
          model_.partitions[range.tp] = *range.before;
        } else {
          model_.partitions.erase(range.tp);
        }
      }
      for (ModelLog& log : model_.logs) {
        if (!log.records.empty() && log.records.back().id == model_.undecided->id) log.records.pop_back();
      }
    }
    model_.undecided.reset();
  }

  /// Ttls may be other ones at every opening.
  void change_ttls() {
    if (options_.windows.empty()) return;
    auto ttls = model_.ttls;
    for (std::int64_t& ttl : ttls) ttl = below(4) == 0 ? 200 + static_cast<std::int64_t>(below(1500)) : ttl;
    for (std::size_t i = 0; i < ttls.size(); ++i) options_.windows[i].ttl = Millis{ttls[i]};
    model_.change_ttls(ttls);
  }

  void reopen(bool clean) {
    if (store_ && clean) {
      ASSERT_TRUE(succeeded(store_->close_clean()));
      if (++clean_stops_ % 4 != 0) store_->save_index(index_save_time);
    }
    if (store_ && std::exchange(held_a_batch_, store_->next_batch().sequence > 1)) change_ttls();
    store_.reset();
    for (ModelLog& log : model_.logs) log.staged.clear();
    auto opened = LogStore::open(options_, limits_);
    ASSERT_TRUE(succeeded(opened));
    store_ = std::move(*opened);
    const auto undecided = store_->undecided();
    if (model_.undecided) {
      ASSERT_TRUE(undecided);
      EXPECT_EQ(undecided->id, model_.undecided->id);
    } else if (undecided) {
      // Settled in memory only: the evidence is lost, so it may come back as undecided, but only the last batch.
      EXPECT_FALSE(clean);
      ASSERT_FALSE(model_.logs.front().records.empty());
      const ModelRecord& last = model_.logs.front().records.back();
      EXPECT_EQ(undecided->id, last.id);
      model_.undecided = ModelRecord{last.id, last.ranges, {}};
    }
    compare();
  }

  void compare() {
    EXPECT_EQ(store_->partitions(), model_.partitions);
    EXPECT_EQ(store_->staged(), model_.staged());
    for (std::size_t i = 0; i < model_.logs.size(); ++i) {
      const LogStats stats = stats_of(i);
      EXPECT_EQ(stats.live_entries, model_.logs[i].entries()) << "log " << i;
      EXPECT_EQ(stats.live_records, model_.logs[i].records.size()) << "log " << i;
      EXPECT_EQ(stats.swept_before_ms, model_.logs[i].swept) << "log " << i;
      EXPECT_EQ(stats.removed_before_ms, model_.logs[i].removed) << "log " << i;
    }
    const auto windows = static_cast<std::uint8_t>(model_.ttls.size());
    for (std::uint8_t window = 0; window < windows; ++window) {
      for (std::uint64_t key = 0; key < 400; key += 1 + below(20)) {
        const std::int64_t now = now_ - static_cast<std::int64_t>(below(1500));
        const auto expected = model_.find(key_of(key, window), now, window);
        const auto found = store_->find(key_of(key, window), now, window);
        ASSERT_EQ(found.has_value(), expected.has_value())
            << "key " << key << " of window " << +window << " at " << now;
        if (found) {
          ASSERT_EQ(found->time_ms, *expected) << "key " << key << " of window " << +window << " at " << now;
        }
      }
    }
  }

  static constexpr std::uint32_t range_count = 3;

  std::mt19937_64 random_;
  std::uint64_t clean_stops_ = 0;
  std::uint64_t coalesced_ = 0;
  bool evicted_ = false;
  bool held_a_batch_ = false;
  LogLimits limits_;
  TemporaryDirectory directory_;
  OpenOptions options_;
  std::unique_ptr<LogStore> store_;
  Model model_;
  std::int64_t now_ = 1'000'000;
};

}  // namespace firstseen::store::test
