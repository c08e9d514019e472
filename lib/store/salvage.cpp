#include "store/salvage.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "store/child_process.h"
#include "store/directory.h"
#include "store/record.h"
#include "store/tables.h"

namespace firstseen::store {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t commit_after_bytes = 64ULL << 20U;

/// Room for a copy of everything and LMDB's own pages.
std::uint64_t copy_map_bytes(const fs::path& directory) {
  std::error_code ignored;
  return fs::file_size(directory / data_file, ignored) * 2 + (64ULL << 20U);
}

Result<std::shared_ptr<Env>> open_copy(const fs::path& directory) {
  return Env::open({.directory = directory / salvage_folder,
                    .map_bytes = copy_map_bytes(directory),
                    .without_sync = true,
                    .unregistered = true,
                    .databases = Tables::names()});
}

/// Copies from the damaged environment; runs in a child process, since reading torn pages may crash. Each step is
/// committed before the next is read.
class Copier {
 public:
  Copier(Txn source, Tables source_tables, const Env& copy, Tables copy_tables)
      : source_(std::move(source)), from_(source_tables), copy_(&copy), to_(copy_tables) {}

  /// Only a failure to write is an Error.
  Result<void> run() {
    const auto identity = read_identity(source_, from_);
    if (!identity) return {};
    auto done = write([&](Txn& txn) { return write_identity(txn, to_, *identity); });
    if (!done) return done;
    if (const auto state = read_log_state(source_, from_)) {
      done = write([&](Txn& txn) { return write_log_state(txn, to_, *state); });
    }
    if (done) done = copy_records();
    for (const TextKind kind : {TextKind::pin, TextKind::note}) {
      if (done) done = copy_texts(kind);
    }
    return done ? copy_partitions() : done;
  }

 private:
  template <class Fill>
  Result<void> write(Fill fill) {
    auto txn = Txn::begin(*copy_, Txn::Mode::write);
    if (!txn) return forward(txn.error());
    auto done = fill(*txn);
    return done ? txn->commit() : done;
  }

  Result<void> copy_records() {
    auto txn = Txn::begin(*copy_, Txn::Mode::write);
    if (!txn) return forward(txn.error());
    Result<void> done;
    std::uint64_t uncommitted = 0;
    std::uint64_t last = 0;
    auto walked = for_each_record(source_, from_, [&](const LogRow& row) {
      const auto record = RecordView::parse(row.value);
      if (!record || record->id().sequence != row.sequence || row.sequence <= last || !record->intact()) return false;
      last = row.sequence;
      auto room = txn->append(to_.log, row.sequence, row.value.size());
      if (!room) {
        done = forward(room.error());
        return false;
      }
      std::memcpy(room->data(), row.value.data(), row.value.size());
      uncommitted += row.value.size();
      if (uncommitted < commit_after_bytes) return true;
      uncommitted = 0;
      done = txn->commit();
      if (done) txn = Txn::begin(*copy_, Txn::Mode::write);
      if (done && !txn) done = forward(txn.error());
      return done.has_value();
    });
    return done ? txn->commit() : done;
  }

  Result<void> copy_texts(TextKind kind) {
    const auto texts = read_texts(source_, from_, kind);
    if (!texts) return {};
    return write([&](Txn& txn) -> Result<void> {
      for (const auto& [name, value] : *texts) {
        if (auto put = write_text(txn, to_, kind, name, value); !put) return put;
      }
      return {};
    });
  }

  Result<void> copy_partitions() {
    const auto rows = read_partitions(source_, from_);
    if (!rows) return {};
    return write([&](Txn& txn) -> Result<void> {
      for (const auto& [tp, row] : *rows) {
        if (auto put = write_partition(txn, to_, tp, row); !put) return put;
      }
      return {};
    });
  }

  Txn source_;
  Tables from_;
  const Env* copy_;
  Tables to_;
};

/// What the child does.
Result<void> copy_what_is_sound(const fs::path& directory) {
  auto copy = open_copy(directory);
  if (!copy) return forward(copy.error());
  if (auto made = (*copy)->create_databases(Tables::names()); !made) return made;
  const auto source = Env::open({.directory = directory,
                                 .read_only = true,
                                 .without_lock = true,
                                 .unregistered = true,
                                 .databases = Tables::names()});
  if (!source) return {};
  const auto from = Tables::of(**source);
  if (!from) return {};
  auto txn = Txn::begin(**source, Txn::Mode::read);
  if (!txn) return {};
  return Copier(std::move(*txn), *from, **copy, Tables::of(**copy).value_or(Tables{})).run();
}

/// What was copied, and what follows from it.
struct Salvaged {
  std::uint64_t records = 0;
  std::uint64_t entries = 0;
  std::uint64_t last_record = 0;
  std::int64_t newest_ms = -1;  ///< stream time that the store is known to have reached
  PartitionRows rows;
  bool complete = false;
};

/// The partitions as of the end of the kept log: a row is believed when the batch that wrote it is among those kept.
Result<Salvaged> examine(Txn& txn, const Tables& tables, const std::optional<LogState>& state) {
  Salvaged kept;
  PartitionRows from_log;
  auto walked = for_each_record(txn, tables, [&](const LogRow& row) {
    const auto record = RecordView::parse(row.value);
    if (!record) return false;
    ++kept.records;
    kept.entries += record->entry_count();
    kept.last_record = row.sequence;
    if (record->entry_count() != 0) kept.newest_ms = std::max(kept.newest_ms, record->max_time_ms());
    for (std::uint32_t i = 0; i < record->range_count(); ++i) {
      const SourceRange range = record->range(i);
      from_log[range.tp] = {range.after, record->brought_by(i)};
    }
    return true;
  });
  if (!walked) return forward(walked.error());
  auto rows = read_partitions(txn, tables);
  if (!rows) return forward(rows.error());
  kept.complete = state && state->last_record == kept.last_record;
  const std::uint64_t believed = kept.complete ? state->sequence : kept.last_record;
  for (const auto& [tp, row] : *rows) {
    kept.newest_ms = std::max(kept.newest_ms, row.state.stream_time_ms);
    if (row.changed_by <= believed) kept.rows[tp] = row;
  }
  for (const auto& [tp, row] : from_log) {
    const auto known = kept.rows.find(tp);
    if (known == kept.rows.end() || known->second.changed_by <= row.changed_by) kept.rows[tp] = row;
  }
  return kept;
}

LogState state_of(const Salvaged& kept, const std::optional<LogState>& source) {
  LogState state = source.value_or(LogState{});
  const bool had_successor = state.last_record > kept.last_record;
  if (had_successor) {
    state.settled = std::max(state.settled, kept.last_record);  // the next prepare was the evidence
  } else if (kept.last_record > 0) {
    state.settled = std::max(state.settled, kept.last_record - 1);
  }
  state.sequence = std::max(state.sequence, kept.last_record);
  state.last_record = kept.last_record;
  if (!kept.complete) state.evicted_before_ms = std::max(state.evicted_before_ms, kept.newest_ms);
  return state;
}

/// Makes the copy a consistent store; nothing when there is no identity to go on with.
Result<std::optional<Salvaged>> finish_copy(const fs::path& directory) {
  auto env = open_copy(directory);
  if (!env) return forward(env.error());
  const auto tables = Tables::of(**env);
  if (!tables) return std::optional<Salvaged>();
  auto txn = Txn::begin(**env, Txn::Mode::write);
  if (!txn) return forward(txn.error());
  if (!read_identity(*txn, *tables)) return std::optional<Salvaged>();
  std::optional<LogState> source;
  if (auto state = read_log_state(*txn, *tables)) source = *state;
  auto kept = examine(*txn, *tables, source);
  if (!kept) return forward(kept.error());
  auto copied = read_partitions(*txn, *tables);
  if (!copied) return forward(copied.error());
  for (const auto& [tp, row] : *copied) {
    if (auto erased = erase_partition(*txn, *tables, tp); !erased) return forward(erased.error());
  }
  for (const auto& [tp, row] : kept->rows) {
    if (auto put = write_partition(*txn, *tables, tp, row); !put) return forward(put.error());
  }
  if (auto put = write_log_state(*txn, *tables, state_of(*kept, source)); !put) return forward(put.error());
  if (auto committed = txn->commit(); !committed) return forward(committed.error());
  if (auto synced = (*env)->sync(); !synced) return forward(synced.error());
  return std::optional<Salvaged>(*kept);
}

/// The copy takes the old file's place, or, without one, the old file goes. LMDB makes the lock file anew.
Result<void> replace_data(const fs::path& directory, bool by_copy) {
  std::error_code error;
  fs::remove(directory / lock_file, error);
  if (by_copy) {
    if (auto synced = sync_directory(directory / salvage_folder); !synced) return synced;
    fs::rename(directory / salvage_folder / data_file, directory / data_file, error);
  } else {
    fs::remove(directory / data_file, error);
  }
  if (error) {
    return fail(Exit::io,
                fmt::format("store {}: cannot replace {}: {}", directory.string(), data_file, error.message()));
  }
  if (auto synced = sync_directory(directory); !synced) return synced;
  fs::remove_all(directory / salvage_folder, error);
  return UnsyncedMark::remove(directory);
}

std::string summary(const Salvaged& kept) {
  if (kept.complete) return fmt::format("everything is sound: {} keys in {} records kept", kept.entries, kept.records);
  return fmt::format(
      "{} keys in {} records are sound and kept; what came after batch {} is discarded: the window is complete again "
      "from stream time {} on, or as soon as input.on_missing_history has read the lost part again",
      kept.entries, kept.records, kept.last_record, kept.newest_ms);
}

}  // namespace

Result<std::vector<std::string>> salvage(const fs::path& directory) {
  std::error_code error;
  fs::remove_all(directory / salvage_folder, error);
  if (!error) fs::create_directory(directory / salvage_folder, error);
  if (error) {
    return fail(Exit::io, fmt::format("store {}: cannot make the folder '{}' for the verified copy: {}",
                                      directory.string(), salvage_folder, error.message()));
  }
  auto crashed = run_in_child([&] { return copy_what_is_sound(directory); });
  if (!crashed) return forward(crashed.error());
  auto kept = finish_copy(directory);
  if (!kept) return forward(kept.error());
  if (auto replaced = replace_data(directory, kept->has_value()); !replaced) return forward(replaced.error());

  std::vector<std::string> report = {
      "the machine went down without a clean stop while commits were not synced: the store was verified"};
  const std::optional<Salvaged>& salvaged = *kept;
  const std::optional<std::string> signal = *crashed;
  if (signal) report.push_back(fmt::format("reading the damaged file crashed ({}): it was read up to there", *signal));
  report.push_back(salvaged ? summary(*salvaged)
                            : "nothing of the store could be verified: it is discarded and begins anew, with a new id");
  return report;
}

}  // namespace firstseen::store
