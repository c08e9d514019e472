#include <algorithm>
#include <chrono>
#include <ctime>
#include <optional>

#include "bench/store/contestants.h"

namespace firstseen::bench {
namespace {

/// From here on lib/store/README.md ("The index") states what a key takes at most while the index grows; a smaller one
/// grows by megabytes whatever its size.
constexpr std::uint64_t least_stated_keys = 14'000'000;

double thread_cpu_s() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

class SeenStoreContestant final : public Contestant {
 public:
  SeenStoreContestant(const std::filesystem::path& directory, const Workload& workload, store::Durability durability)
      : window_(static_cast<std::int64_t>(workload.window)) {
    auto opened = store::SeenStore::open(seen_store_options(directory, workload, durability));
    if (!opened) give_up(opened.error().message);
    store_ = std::move(*opened);
  }

  void decide(std::span<const Message> messages, std::span<std::uint8_t> first_seen) override {
    entries_.clear();
    for (const Message& message : messages) {
      entries_.push_back({message.digest, 0, message.time_ms, message.time_ms, store::EntryKind::seen});
    }
    found_.resize(entries_.size());
    store_->decide(entries_, false, found_);
    for (std::size_t i = 0; i < found_.size(); ++i) first_seen[i] = found_[i] ? 0 : 1;
    commit(messages.front().time_ms, messages.back().time_ms + 1);
  }

  void fill(const Workload& workload) override {
    std::vector<Message> messages;
    std::vector<std::uint8_t> ignored(workload.batch);
    for (std::uint64_t first = 0; first < workload.window; first += workload.batch) {
      make_batch(workload, first, messages);
      const auto before = std::chrono::steady_clock::now();
      const double cpu_before = thread_cpu_s();
      decide(messages, ignored);
      most_filling_cpu_s_ = std::max(most_filling_cpu_s_, thread_cpu_s() - cpu_before);
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - before;
      longest_filling_s_ = std::max(longest_filling_s_, took.count());
      worst_per_key(first + workload.batch);
    }
  }

  [[nodiscard]] Size size() const override {
    const store::Stats stats = store_->stats();
    return {stats.live_entries, stats.used_bytes,
            stats.index_bytes,  static_cast<std::uint64_t>(worst_ * static_cast<double>(stats.live_entries)),
            stats.file_bytes,   longest_filling_s_,
            most_filling_cpu_s_};
  }

 private:
  void commit(std::int64_t start, std::int64_t end) {
    store::SourceRange range;
    range.tp = {"bench", 0};
    range.start = start;
    range.end = end;
    range.after = {end, end, 0, {}};
    const auto prepared = store_->prepare({&range, 1}, start - window_, false);
    if (!prepared) give_up(prepared.error().message);
    store_->settle();
  }

  /// Bytes of memory per key while the index grows, after each batch: stats() costs a few calls of the system, however
  /// long the log is, and nobody's time counts here.
  void worst_per_key(std::uint64_t filled) {
    if (filled < least_stated_keys) return;
    const store::Stats stats = store_->stats();
    if (stats.live_entries < least_stated_keys) return;
    worst_ = std::max(worst_, static_cast<double>(stats.index_bytes) / static_cast<double>(stats.live_entries));
  }

  std::int64_t window_;
  std::unique_ptr<store::SeenStore> store_;
  std::vector<store::Entry> entries_;
  std::vector<std::optional<store::Found>> found_;
  double worst_ = 0;
  double longest_filling_s_ = 0;
  double most_filling_cpu_s_ = 0;
};

}  // namespace

store::OpenOptions seen_store_options(const std::filesystem::path& directory, const Workload& workload,
                                      store::Durability durability) {
  store::OpenOptions options;
  options.directory = directory;
  options.durability = durability;
  options.ttl = Millis{static_cast<std::int64_t>(workload.window)};
  options.max_size_bytes = workload.window * 64 + (256ULL << 20U);
  return options;
}

std::unique_ptr<Contestant> make_seen_store(const std::filesystem::path& directory, const Workload& workload,
                                            store::Durability durability) {
  return std::make_unique<SeenStoreContestant>(directory, workload, durability);
}

}  // namespace firstseen::bench
