#include <algorithm>
#include <chrono>
#include <optional>

#include "bench/store/contestants.h"

namespace firstseen::bench {
namespace {

/// From here on lib/store/README.md ("The index") states what a key takes at most while the index grows; a smaller one
/// grows by megabytes whatever its size.
constexpr std::uint64_t least_stated_keys = 8'000'000;

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

  /// Bytes of memory per key while the index grows. stats() costs a few calls of the system, however long the log is.
  void look_at_memory() override {
    const store::Stats stats = store_->stats();
    if (stats.live_entries < least_stated_keys) return;
    worst_ = std::max(worst_, static_cast<double>(stats.index_bytes) / static_cast<double>(stats.live_entries));
  }

  [[nodiscard]] Size size() const override {
    const store::Stats stats = store_->stats();
    return {.live = stats.live_entries,
            .disk_bytes = stats.used_bytes,
            .memory_bytes = stats.index_bytes,
            .worst_memory_bytes = static_cast<std::uint64_t>(worst_ * static_cast<double>(stats.live_entries)),
            .file_bytes = stats.file_bytes,
            .longest_growth_s = std::chrono::duration<double>(stats.longest_growth).count()};
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

  std::int64_t window_;
  std::unique_ptr<store::SeenStore> store_;
  std::vector<store::Entry> entries_;
  std::vector<std::optional<store::Found>> found_;
  double worst_ = 0;
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
