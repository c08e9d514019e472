#include "store/salvage.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "base/time_text.h"
#include "base/units.h"
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
  /// The logs are kept up to this batch: the last that all of those have which lost something.
  std::uint64_t last_batch = 0;
  /// Of the batches up to this one everything is kept: where a record goes that holds older batches, too, it is less.
  std::uint64_t whole_until = 0;
  std::uint64_t highest = 0;                ///< number of any batch that was found
  std::vector<std::uint64_t> last_records;  ///< by log
  std::int64_t newest_ms = -1;              ///< stream time that the store is known to have reached
  std::int64_t kept_until_ms = -1;          ///< of the newest key kept; -1: there is none
  Millis ttl{0};                            ///< the longest window's
  PartitionRows rows;
  bool complete = false;
};

/// Looks at every record of a copied log, all of which parse.
template <class Visit>
Result<void> for_each_copied(Txn& txn, Dbi log, Visit visit) {
  return for_each_record(txn, log, [&](const LogRow& row) {
    if (const auto record = RecordView::parse(row.value)) visit(*record);
    return true;
  });
}

/// Where a log ends by the state; without a state nobody knows.
std::optional<std::uint64_t> noted_end(const std::optional<LogState>& state, std::size_t log) {
  if (!state || log >= state->logs.size()) return {};
  return state->logs[log].last_record;
}

/// How far the copied logs can be kept: a log that ends before the state says so has lost something, and the others are
/// cut there, too. Of several logs none is believed beyond the state's own batch: what they hold of a later one may be
/// a part of it.
Result<void> find_end(Txn& txn, const Tables& tables, const std::optional<LogState>& state, Salvaged& kept) {
  constexpr std::uint64_t all = std::numeric_limits<std::uint64_t>::max();
  const bool several = tables.logs.size() > 1;
  kept.last_batch = all;
  kept.complete = state.has_value();
  for (std::size_t i = 0; i < tables.logs.size(); ++i) {
    std::uint64_t last = 0;
    auto walked = for_each_copied(txn, tables.logs[i], [&](const RecordView& record) { last = record.id().sequence; });
    if (!walked) return walked;
    kept.highest = std::max(kept.highest, last);
    const auto noted = noted_end(state, i);
    if (noted == last) continue;
    kept.complete = false;
    const bool beyond = several && noted && last > *noted;
    kept.last_batch = std::min(kept.last_batch, beyond ? state->sequence : last);
  }
  if (kept.last_batch == all) kept.last_batch = std::max(kept.highest, state->sequence);
  kept.whole_until = kept.last_batch;
  return {};
}

/// Deletes what lies behind that end, and of several logs the records that a rollback had taken out: the state knows
/// that they are gone, an old page does not.
Result<void> cut_log(Txn& txn, const Tables& tables, std::size_t number, const std::optional<LogState>& state,
                     Salvaged& kept) {
  const Dbi log = tables.logs[number];
  const auto noted = tables.logs.size() > 1 ? noted_end(state, number) : std::nullopt;
  std::vector<std::uint64_t> fallen;
  auto walked = for_each_copied(txn, log, [&](const RecordView& record) {
    const std::uint64_t sequence = record.id().sequence;
    const bool behind = sequence > kept.last_batch;
    if (!behind && (!noted || sequence <= *noted)) return;
    fallen.push_back(sequence);
    if (behind) kept.whole_until = std::min(kept.whole_until, record.first_batch() - 1);
  });
  for (const std::uint64_t sequence : fallen) {
    if (walked) walked = txn.erase(log, integer_key(sequence));
  }
  return walked;
}

/// The partitions as of the end of what is whole: a row is believed when the batch that wrote it is before that.
Result<void> examine(Txn& txn, const Tables& tables, Salvaged& kept) {
  PartitionRows from_log;
  for (const Dbi log : tables.logs) {
    std::uint64_t& last = kept.last_records.emplace_back(0);
    auto walked = for_each_copied(txn, log, [&](const RecordView& record) {
      ++kept.records;
      kept.entries += record.entry_count();
      last = record.id().sequence;
      if (record.entry_count() != 0) kept.kept_until_ms = std::max(kept.kept_until_ms, record.max_time_ms());
      for (std::uint32_t i = 0; i < record.range_count(); ++i) {
        const SourceRange range = record.range(i);
        PartitionRow row{range.after, record.brought_by(i)};
        auto& known = from_log[range.tp];
        if (row.changed_by <= kept.whole_until && row.changed_by >= known.changed_by) known = row;
      }
    });
    if (!walked) return walked;
  }
  auto rows = read_partitions(txn, tables);
  if (!rows) return forward(rows.error());
  kept.newest_ms = std::max(kept.newest_ms, kept.kept_until_ms);
  for (const auto& [tp, row] : *rows) {
    kept.newest_ms = std::max(kept.newest_ms, row.state.stream_time_ms);
    if (row.changed_by <= kept.whole_until) kept.rows[tp] = row;
  }
  for (const auto& [tp, row] : from_log) {
    if (row.changed_by == 0) continue;  // nothing of it that could be believed
    const auto known = kept.rows.find(tp);
    if (known == kept.rows.end() || known->second.changed_by <= row.changed_by) kept.rows[tp] = row;
  }
  return {};
}

LogState state_of(const Salvaged& kept, const std::optional<LogState>& source) {
  LogState state = source.value_or(LogState{});
  state.logs.resize(kept.last_records.size());
  std::uint64_t known = kept.highest;
  for (const LogBounds& log : state.logs) known = std::max(known, log.last_record);
  const std::uint64_t last = std::ranges::max(kept.last_records);
  if (known > last) {
    state.settled = std::max(state.settled, last);  // the next prepare was the evidence
  } else if (last > 0) {
    state.settled = std::max(state.settled, last - 1);
  }
  state.sequence = std::max(state.sequence, known);
  for (std::size_t i = 0; i < state.logs.size(); ++i) {
    state.logs[i].last_record = kept.last_records[i];
    if (kept.complete) continue;
    state.logs[i].evicted_before_ms = std::max(state.logs[i].evicted_before_ms, kept.newest_ms);
  }
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
  Salvaged kept;
  kept.ttl = Millis{(*identity)->ttl_ms};
  auto examined = find_end(*txn, *tables, *source, kept);
  for (std::size_t i = 0; i < tables->logs.size(); ++i) {
    if (examined) examined = cut_log(*txn, *tables, i, *source, kept);
  }
  if (examined) examined = examine(*txn, *tables, kept);
  if (!examined) return forward(examined.error());
  auto copied = read_partitions(*txn, *tables);
  if (!copied) return forward(copied.error());
  for (const auto& [tp, row] : *copied) {
    if (auto erased = erase_partition(*txn, *tables, tp); !erased) return forward(erased.error());
  }
  for (const auto& [tp, row] : kept.rows) {
    if (auto put = write_partition(*txn, *tables, tp, row); !put) return forward(put.error());
  }
  if (auto put = write_log_state(*txn, *tables, state_of(kept, *source)); !put) return forward(put.error());
  if (auto committed = txn->commit(); !committed) return forward(committed.error());
  if (auto synced = (*env)->sync(); !synced) return forward(synced.error());
  return std::optional<Salvaged>(std::move(kept));
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
  return fmt::format("{} keys in {} records are sound and kept; what came after batch {} is discarded", kept.entries,
                     kept.records, kept.last_batch);
}

constexpr const char* what_follows =
    "With input.on_missing_history: rebuild what the input still has of it is read again; otherwise what repeats one "
    "of these keys is published";

/// "No silent shortening": what a person must know of the window.
std::string loss_of(const Salvaged& kept) {
  if (kept.complete) return {};
  if (kept.kept_until_ms < 0) {
    return fmt::format("power loss has cost the store all its keys: nothing of its window of {} is covered. {}",
                       format_duration(kept.ttl), what_follows);
  }
  const Millis lost{kept.newest_ms - kept.kept_until_ms};
  return fmt::format(
      "power loss has cost the store its keys from stream time {} on; it had reached {} at least: of its window of {} "
      "at most {} are covered. {}",
      format_time(kept.kept_until_ms), format_time(kept.newest_ms), format_duration(kept.ttl),
      format_duration(std::max(kept.ttl - lost, Millis{0})), what_follows);
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

Result<SalvageReport> salvage(const fs::path& directory) {
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

  SalvageReport report;
  auto& lines = report.lines;
  lines.emplace_back(
      "the machine went down without a clean stop while commits were not synced: the store was verified");
  if (crash) lines.push_back(fmt::format("reading the damaged file crashed ({}): it was read up to there", *crash));
  if (kept) {
    lines.push_back(summary(*kept));
    report.loss = loss_of(*kept);
  } else {
    lines.push_back(
        fmt::format("nothing of the store could be verified: it begins anew, with a new id; the damaged file "
                    "is kept as {} until you delete it or another takes its place",
                    (directory / damaged_file).string()));
    report.loss =
        fmt::format("power loss has cost the store all its keys: nothing of its window is covered. {}", what_follows);
  }
  return report;
}

}  // namespace firstseen::store
