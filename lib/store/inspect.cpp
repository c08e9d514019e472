#include "store/inspect.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "base/advice.h"
#include "store/directory.h"
#include "store/log_stats.h"
#include "store/record_head.h"
#include "store/snapshot.h"
#include "store/tables.h"

namespace firstseen::store {
namespace {

tl::unexpected<Error> damaged_record(const std::filesystem::path& directory, std::uint64_t sequence) {
  return fail(Exit::bad_data, fmt::format("store {}: batch record {} is damaged: run `{}`", directory.string(),
                                          sequence, Advice{.store = directory}.by_store("store verify")));
}

std::optional<RecordView> sound_record(const LogRow& row) {
  auto record = RecordView::parse(row.value);
  if (!record || record->id().sequence != row.sequence || !record->intact()) return {};
  return record;
}

void count_record(LogStats& stats, const RecordView& record) {
  ++stats.live_records;
  stats.live_entries += record.entry_count();
  if (record.entry_count() == 0) return;
  stats.oldest_time_ms =
      stats.oldest_time_ms < 0 ? record.min_time_ms() : std::min(stats.oldest_time_ms, record.min_time_ms());
  stats.newest_time_ms = std::max(stats.newest_time_ms, record.max_time_ms());
}

/// An undecided batch has a record in the first log, with all its ranges.
Result<void> inspect_log(Snapshot& snapshot, std::size_t number, std::uint64_t settled, LogStats& stats,
                         Inspection& facts) {
  std::optional<std::uint64_t> damaged;
  auto walked = for_each_record(snapshot.txn, snapshot.tables.logs[number], [&](const LogRow& row) {
    const auto record = RecordView::parse(row.value);
    if (!record) {
      damaged = row.sequence;
      return false;
    }
    count_record(stats, *record);
    if (row.sequence > settled && number == 0) {
      facts.undecided = UndecidedBatch{record->id(), {}};
      for (std::uint32_t i = 0; i < record->range_count(); ++i) facts.undecided->ranges.push_back(record->range(i));
    }
    return true;
  });
  if (walked && damaged) return damaged_record(snapshot.env->directory(), *damaged);
  return walked;
}

Result<void> inspect_logs(Snapshot& snapshot, const Identity& identity, const LogState& state, Inspection& facts) {
  const std::size_t count = std::min({identity.log_count(), snapshot.tables.logs.size(), state.logs.size()});
  for (std::size_t i = 0; i < count; ++i) {
    LogStats stats;
    stats.swept_before_ms = state.logs[i].swept_before_ms;
    stats.removed_before_ms = state.logs[i].removed_before_ms;
    stats.evicted_before_ms = state.logs[i].evicted_before_ms;
    if (auto walked = inspect_log(snapshot, i, state.settled, stats, facts); !walked) return walked;
    add_log(facts.stats, stats);
    for (const WindowRow& window : identity.windows) {
      if (window.log != i) continue;
      stats.windows.push_back(window.name);
      stats.ttl = std::max(stats.ttl, Millis{window.ttl_ms});
    }
    if (!identity.windows.empty()) facts.stats.logs.push_back(std::move(stats));
  }
  for (const WindowRow& window : identity.windows) {
    facts.windows.push_back({window.name, Millis{window.ttl_ms}});
    facts.stats.log_of_window.push_back(static_cast<std::uint8_t>(window.log));
  }
  return {};
}

std::uint64_t saved_index_bytes(const std::filesystem::path& directory) {
  std::error_code absent;
  const auto bytes = std::filesystem::file_size(directory / index_file, absent);
  return absent ? 0 : bytes;
}

}  // namespace

Result<Inspection> inspect(const std::filesystem::path& directory) {
  auto snapshot = take_snapshot(directory);
  if (!snapshot) return forward(snapshot.error());
  auto& [env, tables, txn] = *snapshot;
  auto identity = read_identity(txn, tables);
  if (!identity) return forward(identity.error());
  auto state = read_log_state(txn, tables);
  if (!state) return forward(state.error());
  auto pins = read_texts(txn, tables, TextKind::pin);
  if (!pins) return forward(pins.error());
  auto notes = read_texts(txn, tables, TextKind::note);
  if (!notes) return forward(notes.error());
  auto rows = read_partitions(txn, tables);
  if (!rows) return forward(rows.error());
  auto used = used_bytes(txn, tables);
  if (!used) return forward(used.error());

  Inspection facts;
  facts.id = identity->id;
  facts.format = identity->format;
  facts.durability = identity->durability;
  facts.ttl = Millis{identity->ttl_ms};
  facts.created_ms = identity->created_ms;
  facts.pins = std::move(*pins);
  facts.notes = std::move(*notes);
  for (const auto& [tp, row] : *rows) facts.partitions[tp] = row.state;
  facts.stats.used_bytes = *used;
  facts.stats.file_bytes = env->file_bytes();
  facts.stats.max_size_bytes = identity->max_size_bytes;
  facts.saved_index_bytes = saved_index_bytes(directory);
  if (auto walked = inspect_logs(*snapshot, *identity, *state, facts); !walked) return forward(walked.error());
  return facts;
}

Result<void> scan(const std::filesystem::path& directory, const std::function<bool(const LogEntry&)>& visit) {
  auto snapshot = take_snapshot(directory);
  if (!snapshot) return forward(snapshot.error());
  std::optional<std::uint64_t> damaged;
  bool goes_on = true;
  for (std::size_t log = 0; log < snapshot->tables.logs.size() && goes_on; ++log) {
    auto walked = for_each_record(snapshot->txn, snapshot->tables.logs[log], [&](const LogRow& row) {
      const auto record = sound_record(row);
      if (!record) {
        damaged = row.sequence;
        return goes_on = false;
      }
      const RecordHead head(*record);
      for (std::uint32_t i = 0; i < record->entry_count() && goes_on; ++i) {
        LogEntry entry{record->id(), {}, head.entry(record->entry_at(i)), log};
        if (entry.entry.kind == EntryKind::seen) entry.source = head.source(entry.entry.range).copy();
        goes_on = visit(entry);
      }
      return goes_on;
    });
    if (!walked) return walked;
  }
  return damaged ? damaged_record(directory, *damaged) : Result<void>{};
}

Result<std::vector<LogEntry>> lookup(const std::filesystem::path& directory, const Digest& digest) {
  std::vector<LogEntry> found;
  auto scanned = scan(directory, [&](const LogEntry& entry) {
    if (entry.entry.digest == digest) found.push_back(entry);
    return true;
  });
  if (!scanned) return forward(scanned.error());
  return found;
}

}  // namespace firstseen::store
