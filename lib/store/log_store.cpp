#include "store/log_store.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "store/codec.h"

namespace firstseen::store {
namespace {

/// Lookups that go through decide() together: enough for the memory to be busy all the time, few enough for the caches.
constexpr std::size_t lookup_chunk = 256;

/// |a - b|, for any two times.
std::uint64_t distance(std::int64_t a, std::int64_t b) { return a < b ? delta(b, a) : delta(a, b); }

}  // namespace

Result<std::unique_ptr<SeenStore>> SeenStore::open(const OpenOptions& options) {
  auto store = LogStore::open(options, LogLimits{});
  if (!store) return forward(store.error());
  return std::unique_ptr<SeenStore>(std::move(*store));
}

LiveRange LogStore::live() const {
  return {log_.head(), log_.tail() - log_.head() + static_cast<LogPosition>(staged_.size())};
}

const std::uint8_t* LogStore::digest_at(LogPosition position) const {
  const LogPosition age = position - log_.head();
  const LogPosition prepared = log_.tail() - log_.head();
  return age < prepared ? log_.digest_at(position) : staged_[age - prepared].digest.bytes.data();
}

std::optional<LogStore::Match> LogStore::match(const Digest& digest, LogPosition position) const {
  const std::uint8_t* stands_there = digest_at(position);
  if (stands_there == nullptr || std::memcmp(stands_there, digest.bytes.data(), digest.bytes.size()) != 0) return {};
  const LogPosition age = position - log_.head();
  const LogPosition prepared = log_.tail() - log_.head();
  if (age >= prepared) return Match{staged_[age - prepared], age, nullptr};
  const auto place = log_.at(position);
  return Match{place->record->view().entry(place->entry), age, place->record};
}

std::optional<Found> LogStore::find(const Digest& digest, std::int64_t now_ms) const {
  user_.check();
  return find(digest, index_.hash(digest), now_ms);
}

std::optional<Found> LogStore::find(const Digest& digest, const KeyedHash& hash, std::int64_t now_ms) const {
  const auto ttl_ms = static_cast<std::uint64_t>(options_.ttl.count());
  std::optional<LogPosition> tombstone;
  std::optional<Match> nearest;
  const auto consider = [&](LogPosition position) {
    auto found = match(digest, position);
    if (!found) return;
    if (found->entry.kind == EntryKind::forgotten) {
      tombstone = std::max(tombstone.value_or(0), found->age);
      return;
    }
    const std::uint64_t away = distance(now_ms, found->entry.time_ms);
    if (away > ttl_ms || (tombstone && found->age < *tombstone)) return;
    const std::uint64_t best =
        nearest ? distance(now_ms, nearest->entry.time_ms) : std::numeric_limits<std::uint64_t>::max();
    if (!nearest || away < best || (away == best && found->age > nearest->age)) nearest = found;
  };
  index_.for_each_candidate(hash, live(), consider);
  if (tombstone && nearest && nearest->age < *tombstone) {
    // The tombstone came to light after an entry that it covers had displaced others: look again, knowing it.
    nearest.reset();
    index_.for_each_candidate(hash, live(), consider);
  }
  if (!nearest) return {};
  const Entry& entry = nearest->entry;
  if (nearest->record == nullptr) return Found{entry.time_ms, entry.offset, entry.range, true, {}};
  return Found{entry.time_ms, entry.offset, entry.range, false, nearest->record->view().source(entry.range)};
}

void LogStore::make_room_for(std::size_t entries) {
  index_.make_room(log_.entries() + staged_.size() + entries, entries, live(), digest_reader_);
}

void LogStore::stage(const Entry& entry) {
  user_.check();
  make_room_for(1);
  stage(entry, index_.hash(entry.digest));
}

void LogStore::stage(const Entry& entry, const KeyedHash& hash) {
  const LogPosition position = log_.tail() + static_cast<LogPosition>(staged_.size());
  staged_.push_back(entry);
  index_.insert(hash, position, live());
}

void LogStore::decide(std::span<const Entry> messages, bool refresh, std::span<std::optional<Found>> found) {
  user_.check();
  while (!messages.empty()) {
    const std::size_t count = std::min(messages.size(), lookup_chunk);
    decide_chunk(messages.first(count), refresh, found.first(count));
    messages = messages.subspan(count);
    found = found.subspan(count);
  }
}

/// Waiting for memory is nearly all that a lookup costs. So a chunk goes through in passes, each of which asks for what
/// the next one needs: the lines of the index, the entries that they point to; then everything is near at hand.
void LogStore::decide_chunk(std::span<const Entry> messages, bool refresh, std::span<std::optional<Found>> found) {
  const bool from_disk = read_ahead_.worthwhile();
  if (from_disk && index_.changing_size()) read_ahead_.of_pass(*env_, log_, index_.progress().moved_to);
  make_room_for(messages.size());
  std::array<KeyedHash, lookup_chunk> hashes;  // NOLINT(*-member-init): filled at once
  for (std::size_t i = 0; i < messages.size(); ++i) {
    hashes[i] = index_.hash(messages[i].digest);
    index_.prefetch(hashes[i]);
  }
  const LiveRange live_now = live();
  for (std::size_t i = 0; i < messages.size(); ++i) {
    index_.for_each_candidate(hashes[i], live_now, [&](LogPosition position) {
      const std::uint8_t* entry = digest_at(position);
      if (entry == nullptr) return;
      if (from_disk && position - log_.head() < log_.tail() - log_.head())
        LogReadAhead::of_lookup(*env_, log_, position);
      __builtin_prefetch(entry);
    });
  }
  for (std::size_t i = 0; i < messages.size(); ++i) {
    found[i] = find(messages[i].digest, hashes[i], messages[i].time_ms);
    if (!found[i] || refresh) stage(messages[i], hashes[i]);
  }
  read_ahead_.note_chunk();
}

void LogStore::drop_staged() {
  user_.check();
  for (std::size_t i = 0; i < staged_.size(); ++i) {
    index_.erase(index_.hash(staged_[i].digest), log_.tail() + static_cast<LogPosition>(i));
  }
  staged_.clear();
}

std::optional<std::string> LogStore::pinned(const std::string& name) const {
  const auto found = pins_.find(name);
  return found == pins_.end() ? std::nullopt : std::optional<std::string>(found->second);
}

std::optional<std::string> LogStore::note(const std::string& name) const {
  const auto found = notes_.find(name);
  return found == notes_.end() ? std::nullopt : std::optional<std::string>(found->second);
}

std::optional<UndecidedBatch> LogStore::undecided() const {
  if (!undecided_) return {};
  const RecordView view = log_.records().back().view();
  UndecidedBatch batch{view.id(), {}};
  for (std::uint32_t i = 0; i < view.range_count(); ++i) batch.ranges.push_back(view.range(i));
  return batch;
}

Stats LogStore::stats() const {
  user_.check();
  Stats stats;
  stats.live_entries = log_.entries();
  stats.live_records = log_.records().size();
  stats.file_bytes = env_->file_bytes();
  stats.max_size_bytes = options_.max_size_bytes;
  stats.index_bytes = index_.memory_bytes();
  const auto has_entries = [](const LiveRecord& record) { return record.entry_count != 0; };
  const auto& records = log_.records();
  if (const auto oldest = std::ranges::find_if(records, has_entries); oldest != records.end()) {
    stats.oldest_time_ms = oldest->view().min_time_ms();
    stats.newest_time_ms = std::find_if(records.rbegin(), records.rend(), has_entries)->max_time_ms;
  }
  stats.used_bytes = reader_->read([&](Txn& txn) { return used_bytes(txn, tables_); }).value_or(0);
  stats.swept_before_ms = state_.swept_before_ms;
  stats.evicted_before_ms = state_.evicted_before_ms;
  stats.expired_entries = expired_entries_;
  stats.evicted_entries = evicted_entries_;
  return stats;
}

}  // namespace firstseen::store
