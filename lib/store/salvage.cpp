#include "store/salvage.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "store/child_process.h"
#include "store/directory.h"
#include "store/index_file.h"
#include "store/record.h"
#include "store/salvage_copy.h"
#include "store/tables.h"

namespace firstseen::store {
namespace {

namespace fs = std::filesystem;

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

/// Makes the copy a consistent store; nothing when it has no identity to go on with.
Result<std::optional<Salvaged>> finish_copy(const fs::path& directory) {
  auto env = open_copy(directory);
  if (!env) return forward(env.error());
  const auto tables = Tables::of(**env);
  if (!tables) return fail(Exit::internal, "the copy for its verification could not be begun");
  auto txn = Txn::begin(**env, Txn::Mode::write);
  if (!txn) return forward(txn.error());
  auto identity = unless_damaged(read_identity(*txn, *tables));
  if (!identity) return forward(identity.error());
  if (!*identity) return std::optional<Salvaged>();
  const auto source = unless_damaged(read_log_state(*txn, *tables));
  if (!source) return forward(source.error());
  auto kept = examine(*txn, *tables, *source);
  if (!kept) return forward(kept.error());
  auto copied = read_partitions(*txn, *tables);
  if (!copied) return forward(copied.error());
  for (const auto& [tp, row] : *copied) {
    if (auto erased = erase_partition(*txn, *tables, tp); !erased) return forward(erased.error());
  }
  for (const auto& [tp, row] : kept->rows) {
    if (auto put = write_partition(*txn, *tables, tp, row); !put) return forward(put.error());
  }
  if (auto put = write_log_state(*txn, *tables, state_of(*kept, *source)); !put) return forward(put.error());
  if (auto committed = txn->commit(); !committed) return forward(committed.error());
  if (auto synced = (*env)->sync(); !synced) return forward(synced.error());
  return std::optional<Salvaged>(*kept);
}

/// The copy takes the old file's place. Without one, the old file goes out of the way: it is proven damaged, and yet a
/// person may know better what to do with it. LMDB makes the lock file anew.
Result<void> replace_data(const fs::path& directory, bool by_copy) {
  if (auto removed = remove_index_file(directory); !removed) return removed;
  std::error_code error;
  fs::remove(directory / lock_file, error);
  if (by_copy) {
    if (auto synced = sync_directory(directory / salvage_folder); !synced) return synced;
    fs::rename(directory / salvage_folder / data_file, directory / data_file, error);
  } else {
    fs::rename(directory / data_file, directory / damaged_file, error);
  }
  if (error) {
    return fail(Exit::io,
                fmt::format("store {}: cannot replace {}: {}", directory.string(), data_file, error.message()));
  }
  if (auto synced = sync_directory(directory); !synced) return synced;
  return UnsyncedMark::remove(directory);
}

std::string summary(const Salvaged& kept) {
  if (kept.complete) return fmt::format("everything is sound: {} keys in {} records kept", kept.entries, kept.records);
  return fmt::format(
      "{} keys in {} records are sound and kept; what came after batch {} is discarded: the window is complete again "
      "from stream time {} on, or as soon as input.on_missing_history has read the lost part again",
      kept.entries, kept.records, kept.last_record, kept.newest_ms);
}

/// What came of the verification.
struct Verified {
  std::optional<std::string> crash;  ///< the signal that ended the reading of the file
  std::optional<Salvaged> kept;      ///< nothing: not even an identity
};

/// Leaves the finished copy in `salvage/`, and everything else as it is.
Result<Verified> verify_into_copy(const fs::path& directory) {
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
  return Verified{std::move(*crashed), std::move(*kept)};
}

void remove_copy(const fs::path& directory) {
  std::error_code ignored;
  fs::remove_all(directory / salvage_folder, ignored);
}

}  // namespace

Result<std::vector<std::string>> salvage(const fs::path& directory) {
  const auto verified = verify_into_copy(directory);
  if (!verified) {
    remove_copy(directory);
    Error error = verified.error();
    error.message += fmt::format(
        "; the machine went down without a clean stop, so the store {} must be verified before it is used: that could "
        "not be done, and nothing was changed",
        directory.string());
    return forward(std::move(error));
  }
  const auto& [crash, kept] = *verified;
  if (auto replaced = replace_data(directory, kept.has_value()); !replaced) return forward(replaced.error());
  remove_copy(directory);

  std::vector<std::string> report = {
      "the machine went down without a clean stop while commits were not synced: the store was verified"};
  if (crash) report.push_back(fmt::format("reading the damaged file crashed ({}): it was read up to there", *crash));
  report.push_back(kept ? summary(*kept)
                        : fmt::format("nothing of the store could be verified: it begins anew, with a new id; the "
                                      "damaged file is kept as {} until you delete it or another takes its place",
                                      (directory / damaged_file).string()));
  return report;
}

}  // namespace firstseen::store
