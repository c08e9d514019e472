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

LogExtent LogStore::extent() const { return {log_.head(), log_.tail(), log_.records().size(), log_.entries()}; }

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
  auto loaded = saved.extent() == extent() ? saved.load(index_) : fail(Exit::bad_data, "it is that of another log");
  if (!loaded) {
    report_.push_back("the index that the last stop left is not used: " + loaded.error().message);
    return false;
  }
  index_.begin_due_change(log_.entries(), live());
  index_origin_ = "snapshot";
  return true;
}

/// The result is the number of a damaged record.
std::optional<std::uint64_t> LogStore::read_index() {
  const SystemClock clock;
  const std::int64_t began_ms = clock.steady_ms();
  if (log_.entries() != 0) {
    if (const auto damaged = read_entries(*env_, log_, index_)) return damaged;
  }
  index_origin_ = fmt::format("read from {} records in {} ms", log_.records().size(), clock.steady_ms() - began_ms);
  return {};
}

Result<void> LogStore::load_records(Txn& txn) {
  const SystemClock clock;
  const std::int64_t began_ms = clock.steady_ms();
  const auto saved = find_saved_index(txn);
  if (saved) log_ = LiveLog(saved->extent().head);
  auto damaged = read_heads(txn, tables_, log_);
  if (!damaged) return forward(damaged.error());
  const bool loaded = !*damaged && saved && load_index(*saved);
  if (!*damaged && !loaded) damaged = read_index();
  if (const std::optional<std::uint64_t> sequence = *damaged) {
    return fail(
        Exit::bad_data,
        fmt::format("store {}: batch record {} is damaged although the machine did not go down: check the disk; "
                    "then restore the directory from a backup, or delete it to start on an empty store",
                    options_.directory.string(), *sequence));
  }
  report_.push_back(fmt::format("index {}: {} keys, {} bytes of memory; ready after {} ms", index_origin_,
                                log_.entries(), index_.memory_bytes(), clock.steady_ms() - began_ms));
  undecided_ = !log_.records().empty() && log_.records().back().sequence > state_.settled;
  if (undecided_) report_.push_back(fmt::format("batch {} is undecided: there was no clean stop", state_.last_record));
  return {};
}

Result<void> LogStore::forget_saved_index() {
  auto removed = remove_index_file(options_.directory);
  if (removed) index_saved_ = false;
  return removed;
}

std::string LogStore::save_index(Millis at_most) {
  user_.check();
  if (log_.entries() == 0) return "index not saved: the store is empty";
  if (marked_unsynced_) return "index not saved: the store has not been closed";
  const SystemClock clock;
  const std::int64_t began_ms = clock.steady_ms();
  const auto key = key_of(identity_, state_, env_->last_transaction());
  const auto saved = store::save_index(options_.directory, key, extent(), index_, at_most);
  const std::int64_t took_ms = clock.steady_ms() - began_ms;
  if (!saved) {
    return fmt::format("index not saved ({} ms): {}; the next start reads the log", took_ms, saved.error().message);
  }
  index_saved_ = true;
  return fmt::format("index saved: {} bytes in {} ms", saved->bytes, took_ms);
}

}  // namespace firstseen::store
