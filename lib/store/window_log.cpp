#include "store/window_log.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "base/prefetch.h"
#include "store/codec.h"
#include "store/log_reader.h"

namespace firstseen::store {
namespace {

constexpr std::size_t least_index_entries = 4096;

/// Lookups that go through decide() together: enough for the memory to be busy all the time, few enough for the caches.
constexpr std::size_t lookup_chunk = 256;

/// |a - b|, for any two times.
std::uint64_t distance(std::int64_t a, std::int64_t b) { return a < b ? delta(b, a) : delta(a, b); }

}  // namespace

WindowLog::WindowLog(const Env& env, Dbi table, const LogLimits& limits, std::uint64_t secret)
    : env_(env),
      table_(table),
      limits_(limits),
      log_(limits.first),
      index_(secret, least_index_entries),
      digest_reader_([this](LogPosition position) { return digests_at(position); }) {}

Result<std::optional<std::uint64_t>> WindowLog::read_heads(Txn& txn, LogPosition first) {
  log_ = LiveLog(first);
  return store::read_heads(txn, table_, log_);
}

std::optional<std::uint64_t> WindowLog::read_index() {
  return log_.entries() == 0 ? std::nullopt : read_entries(env_, log_, index_);
}

LiveRange WindowLog::live() const {
  return {log_.head(), log_.tail() - log_.head() + static_cast<LogPosition>(staged_.size())};
}

DigestRun WindowLog::digests_at(LogPosition position) const {
  const LogPosition age = position - log_.head();
  const LogPosition prepared = log_.tail() - log_.head();
  if (age < prepared) return log_.digests_at(position);
  const std::size_t first = age - prepared;
  return {staged_[first].digest.bytes.data(), sizeof(Entry), staged_.size() - first};
}

std::optional<WindowLog::Match> WindowLog::match(const Digest& digest, LogPosition position) const {
  const LogPosition age = position - log_.head();
  const LogPosition prepared = log_.tail() - log_.head();
  if (age >= prepared) {
    const Entry& staged = staged_[age - prepared];
    if (staged.digest == digest) return Match{staged, age, nullptr};
  } else {
    const auto place = log_.at(position);
    if (!place) return {};
    if (std::memcmp(place->entry, digest.bytes.data(), sizeof digest.bytes) == 0) {
      return Match{place->record->head.entry(place->entry), age, place->record};
    }
  }
  ++false_positives_;
  return {};
}

std::optional<Found> WindowLog::find(const Digest& digest, std::int64_t now_ms, std::uint64_t ttl_ms) const {
  return find(digest, index_.hash(digest), now_ms, ttl_ms);
}

std::optional<Found> WindowLog::find(const Digest& digest, const KeyedHash& hash, std::int64_t now_ms,
                                     std::uint64_t ttl_ms) const {
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
  return Found{entry.time_ms, entry.offset, entry.range, false, nearest->record->head.source(entry.range)};
}

void WindowLog::make_room_for(std::size_t entries) {
  const std::size_t wanted = log_.entries() + staged_.size() + entries;
  if (!index_.owes_work(wanted)) return;
  const auto began = std::chrono::steady_clock::now();
  index_.make_room(wanted, entries, live(), digest_reader_);
  growth_ += std::chrono::steady_clock::now() - began;
}

void WindowLog::stage(const Entry& entry) {
  make_room_for(1);
  stage(entry, index_.hash(entry.digest));
}

void WindowLog::stage(const Entry& entry, const KeyedHash& hash) {
  const LogPosition position = log_.tail() + static_cast<LogPosition>(staged_.size());
  staged_.push_back(entry);
  index_.insert(hash, position, live());
}

void WindowLog::decide(std::span<const Entry> messages, std::span<const std::uint64_t> ttls_ms, bool refresh,
                       std::span<std::optional<Found>> found) {
  while (!messages.empty()) {
    const std::size_t count = std::min(messages.size(), lookup_chunk);
    decide_chunk(messages.first(count), ttls_ms, refresh, found.first(count));
    messages = messages.subspan(count);
    found = found.subspan(count);
  }
}

void WindowLog::prefetch_candidates(std::span<const KeyedHash> hashes, bool from_disk) const {
  std::array<LogPosition, lookup_chunk> positions;  // NOLINT(*-member-init): as far as `count`
  std::size_t count = 0;
  const LiveRange live_now = live();
  const LogPosition recorded = log_.tail() - log_.head();
  for (const KeyedHash& hash : hashes) {
    index_.for_each_candidate(hash, live_now, [&](LogPosition position) {
      if (position - log_.head() >= recorded) return firstseen::prefetch(digests_at(position).first);
      if (from_disk) LogReadAhead::of_lookup(env_, log_, position);
      if (count == positions.size()) log_.prefetch({positions.data(), std::exchange(count, 0)});
      positions[count++] = position;
    });
  }
  log_.prefetch({positions.data(), count});
}

/// Waiting for memory is nearly all that a lookup costs. So a chunk goes through in passes, each of which asks for what
/// the next one needs: the lines of the index, the entries that they point to; then everything is near at hand.
void WindowLog::decide_chunk(std::span<const Entry> messages, std::span<const std::uint64_t> ttls_ms, bool refresh,
                             std::span<std::optional<Found>> found) {
  const bool from_disk = read_ahead_.worthwhile();
  if (from_disk && index_.changing_size()) read_ahead_.of_pass(env_, log_, index_.progress().moved_to);
  make_room_for(messages.size());
  std::array<KeyedHash, lookup_chunk> hashes;  // NOLINT(*-member-init): filled at once
  for (std::size_t i = 0; i < messages.size(); ++i) {
    hashes[i] = index_.hash(messages[i].digest);
  }
  for (std::size_t i = 0; i < messages.size(); ++i) index_.prefetch(hashes[i]);
  prefetch_candidates({hashes.data(), messages.size()}, from_disk);
  for (std::size_t i = 0; i < messages.size(); ++i) {
    found[i] = find(messages[i].digest, hashes[i], messages[i].time_ms, ttls_ms[messages[i].window]);
    if (!found[i] || refresh) stage(messages[i], hashes[i]);
  }
  read_ahead_.note_chunk();
}

void WindowLog::drop_staged() {
  for (std::size_t i = 0; i < staged_.size(); ++i) {
    index_.erase(index_.hash(staged_[i].digest), log_.tail() + static_cast<LogPosition>(i));
  }
  staged_.clear();
}

}  // namespace firstseen::store
