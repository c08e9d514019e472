#include <fmt/format.h>

#include <utility>

#include "base/clock.h"
#include "store/log_reader.h"
#include "store/log_store.h"

namespace firstseen::store {
namespace {

IndexFileKey key_of(const Identity& identity, const LogState& state, std::uint64_t transaction) {
  return {identity.id, identity.owner, transaction, state.sequence};
}

}  // namespace

/// Of the only log.
LogExtent LogStore::extent() const {
  const LiveLog& log = logs_.front().live_log();
  return {log.head(), log.tail(), log.records().size(), log.entries()};
}

std::uint64_t LogStore::entries() const {
  std::uint64_t sum = 0;
  for (const WindowLog& log : logs_) sum += log.live_log().entries();
  return sum;
}

std::size_t LogStore::records() const {
  std::size_t sum = 0;
  for (const WindowLog& log : logs_) sum += log.records().size();
  return sum;
}

std::size_t LogStore::index_bytes() const {
  std::size_t sum = 0;
  for (const WindowLog& log : logs_) sum += log.index().memory_bytes() + log.live_log().memory_bytes();
  return sum;
}

/// The index that the last clean stop left, if it belongs to just this state of the store.
std::optional<IndexFile> LogStore::find_saved_index(const Txn& txn) {
  auto saved = IndexFile::open(options_.directory, key_of(identity_, state_, txn.id()));
  if (saved && *saved && !UnsyncedMark::read(options_.directory).empty()) {
    saved = fail(Exit::bad_data, "commits were made without sync since");
  }
  if (saved) return std::move(*saved);
  report_.push_back("the index that the last stop left is not used: " + saved.error().message);
  return {};
}

bool LogStore::load_index(const IndexFile& saved) {
  auto loaded = saved.extent() == extent() ? saved.load(logs_.front().index_to_load())
                                           : fail(Exit::bad_data, "it is that of another log");
  if (!loaded) {
    report_.push_back("the index that the last stop left is not used: " + loaded.error().message);
    return false;
  }
  logs_.front().loaded_index();
  index_origin_ = "snapshot";
  return true;
}

/// The result is the number of a damaged record.
std::optional<std::uint64_t> LogStore::read_index() {
  const SystemClock clock;
  const std::int64_t began_ms = clock.steady_ms();
  for (WindowLog& log : logs_) {
    if (const auto damaged = log.read_index()) return damaged;
  }
  index_origin_ = fmt::format("read from {} records in {} ms", records(), clock.steady_ms() - began_ms);
  return {};
}

/// The result is the number of a damaged record. The file holds the index of a store with one log only.
Result<std::optional<std::uint64_t>> LogStore::read_logs(Txn& txn) {
  const auto saved = logs_.size() == 1 ? find_saved_index(txn) : std::nullopt;
  for (WindowLog& log : logs_) {
    const auto damaged = log.read_heads(txn, saved ? saved->extent().head : limits_.first);
    if (!damaged || *damaged) return damaged;
  }
  if (saved && load_index(*saved)) return std::optional<std::uint64_t>();
  return read_index();
}

Result<void> LogStore::load_records(Txn& txn) {
  const SystemClock clock;
  const std::int64_t began_ms = clock.steady_ms();
  const auto damaged = read_logs(txn);
  if (!damaged) return forward(damaged.error());
  if (const std::optional<std::uint64_t> sequence = *damaged) {
    return fail(
        Exit::bad_data,
        fmt::format("store {}: batch record {} is damaged although the machine did not go down: check the disk; "
                    "then restore the directory from a backup, or delete it to start on an empty store",
                    options_.directory.string(), *sequence));
  }
  report_.push_back(fmt::format("index {}: {} keys, {} bytes of memory; ready after {} ms", index_origin_, entries(),
                                index_bytes(), clock.steady_ms() - began_ms));
  const auto& lead = logs_.front().records();
  undecided_ = !lead.empty() && lead.back().sequence > state_.settled;
  if (undecided_) {
    report_.push_back(fmt::format("batch {} is undecided: there was no clean stop", lead.back().sequence));
  }
  return {};
}

Result<void> LogStore::forget_saved_index() {
  auto removed = remove_index_file(options_.directory);
  if (removed) index_saved_ = false;
  return removed;
}

std::string LogStore::save_index(Millis at_most) {
  user_.check();
  if (entries() == 0) return "index not saved: the store is empty";
  if (logs_.size() > 1) return "index not saved: it is for a store with one log only; the next start reads the logs";
  if (marked_unsynced_) return "index not saved: the store has not been closed";
  const SystemClock clock;
  const std::int64_t began_ms = clock.steady_ms();
  const auto key = key_of(identity_, state_, env_->last_transaction());
  const auto saved = store::save_index(options_.directory, key, extent(), logs_.front().index(), at_most);
  const std::int64_t took_ms = clock.steady_ms() - began_ms;
  if (!saved) {
    return fmt::format("index not saved ({} ms): {}; the next start reads the log", took_ms, saved.error().message);
  }
  index_saved_ = true;
  return fmt::format("index saved: {} bytes in {} ms", saved->bytes, took_ms);
}

}  // namespace firstseen::store
