#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include "store/codec.h"
#include "store/log_store.h"
#include "store/pins.h"
#include "store/record.h"

namespace firstseen::store {
namespace {

/// Trees grow by a few pages now and then.
constexpr std::uint64_t tree_slack_pages = 8;

/// How often a full map is met with an eviction before the batch is given up: LMDB uses a page again two commits after
/// it was freed.
constexpr int map_full_attempts = 4;

/// Of all ranges those that entries come from, and the entries as they name them then. False when one names a range
/// that is not there.
bool keep_used_ranges(std::span<const SourceRange> all, std::span<const Entry> staged, std::vector<SourceRange>& ranges,
                      std::vector<Entry>& entries) {
  constexpr std::uint32_t unused = std::numeric_limits<std::uint32_t>::max();
  std::vector<std::uint32_t> places(all.size(), unused);
  entries.assign(staged.begin(), staged.end());
  for (Entry& entry : entries) {
    if (entry.kind != EntryKind::seen) continue;
    if (entry.range >= all.size()) return false;
    std::uint32_t& place = places[entry.range];
    if (place == unused) {
      place = static_cast<std::uint32_t>(ranges.size());
      ranges.push_back(all[entry.range]);
    }
    entry.range = place;
  }
  return true;
}

tl::unexpected<Error> unknown_range() {
  return fail(Exit::internal, "a staged entry names a source range that the batch does not have");
}

}  // namespace

Result<Txn> LogStore::begin_write() {
  if (lost_commit_) {
    return fail(Exit::io, fmt::format("store {}: a batch was committed and could not be read back: restart",
                                      options_.directory.string()));
  }
  if (index_saved_) {
    if (auto forgotten = forget_saved_index(); !forgotten) return forward(forgotten.error());
  }
  if (auto marked = mark_unsynced(); !marked) return forward(marked.error());
  auto txn = Txn::begin(*env_, Txn::Mode::write);
  if (!txn) return txn;
  auto identity = read_identity(*txn, tables_);
  if (!identity) return forward(identity.error());
  if (identity->owner != identity_.owner) {
    return fail(Exit::unavailable,
                fmt::format("another process has taken over this store ({}): this one stops and changes nothing",
                            options_.directory.string()));
  }
  return txn;
}

/// With power_loss it waits for the disk.
Result<void> LogStore::commit(Txn& txn) {
  const auto begun = std::chrono::steady_clock::now();
  auto committed = txn.commit();
  if (committed && options_.durability == Durability::power_loss) {
    flushes_.observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count());
  }
  return committed;
}

// --- pins and notes ---

Result<void> LogStore::write_texts(TextKind kind, std::span<const Pin> texts) {
  if (texts.empty()) return {};
  auto txn = begin_write();
  if (!txn) return forward(txn.error());
  for (const Pin& text : texts) {
    if (auto written = write_text(*txn, tables_, kind, text.name, text.value); !written) return written;
  }
  if (auto committed = commit(*txn); !committed) return committed;
  for (const Pin& text : texts) (kind == TextKind::pin ? pins_ : notes_)[text.name] = text.value;
  return {};
}

/// A store that never held a batch belongs to nobody yet: it takes the new values.
Result<void> LogStore::check_pins(std::span<const Pin> pins) const {
  return state_.sequence == 0 ? Result<void>{} : store::check_pins(options_.directory, pins_, pins);
}

Result<void> LogStore::pin(std::span<const Pin> pins) {
  user_.check();
  if (auto checked = check_pins(pins); !checked) return checked;
  std::vector<Pin> fresh;
  for (const Pin& pin : pins) {
    const auto known = pins_.find(pin.name);
    if (known == pins_.end() || known->second != pin.value) fresh.push_back(pin);
  }
  return write_texts(TextKind::pin, fresh);
}

Result<void> LogStore::set_note(const std::string& name, const std::string& value) {
  user_.check();
  const Pin text{name, value};
  return write_texts(TextKind::note, {&text, 1});
}

// --- what leaves ---

std::int64_t LogStore::horizon_of(std::size_t log, std::int64_t expire_before_ms) const {
  if (expire_before_ms == std::numeric_limits<std::int64_t>::min()) return expire_before_ms;
  return plus(expire_before_ms, delta(longest_ms_, retain_ms_[log]));
}

std::vector<LogStore::Change> LogStore::expired(std::int64_t expire_before_ms) const {
  std::vector<Change> changes(logs_.size());
  for (std::size_t i = 0; i < logs_.size(); ++i) {
    changes[i].departures = logs_[i].expired(horizon_of(i, expire_before_ms));
  }
  return changes;
}

/// The one that takes the most space, so that no other pays for it.
std::optional<std::size_t> LogStore::evicted_next(std::span<const Change> changes) const {
  std::optional<std::size_t> largest;
  for (std::size_t i = 0; i < logs_.size(); ++i) {
    if (!logs_[i].evictable(changes[i].departures)) continue;
    const std::uint64_t bytes = logs_[i].staying_bytes(changes[i].departures);
    if (!largest || bytes > logs_[*largest].staying_bytes(changes[*largest].departures)) largest = i;
  }
  return largest;
}

Result<void> LogStore::evict_for(std::span<Change> changes, const Batch& batch, std::uint64_t used,
                                 std::uint64_t needed) const {
  for (std::size_t i = 0; i < logs_.size(); ++i) {
    if (!batch.logs[i].writer) continue;
    Departures& departures = changes[i].departures;
    while (!logs_[i].has_positions(departures, LiveLog::positions_for(logs_[i].staged().size()))) {
      if (!logs_[i].evictable(departures)) return does_not_fit(needed);
      logs_[i].evict_next(departures);
    }
  }
  for (;;) {
    std::uint64_t leaves = 0;
    for (const Change& change : changes) leaves += change.departures.bytes;
    if (used - std::min(used, leaves) + needed <= options_.max_size_bytes) return {};
    const auto log = evicted_next(changes);
    if (!log) return does_not_fit(needed);
    logs_[*log].evict_next(changes[*log].departures);
  }
}

Result<void> LogStore::does_not_fit(std::uint64_t needed) const {
  return fail(Action::pause, Exit::io,
              fmt::format("store {}: a batch of {} bytes does not fit into store.max_size ({} bytes) even with "
                          "nothing else in it: raise store.max_size or lower delivery.max_batch",
                          options_.directory.string(), needed, options_.max_size_bytes));
}

LogState LogStore::state_with(std::span<const Change> changes, std::span<const SourceRange> ranges,
                              std::int64_t expire_before_ms) const {
  LogState state = state_;
  const std::int64_t covered_from_ms = covered_from(ranges);
  for (std::size_t i = 0; i < logs_.size(); ++i) {
    const Departures& departures = changes[i].departures;
    LogBounds& log = state.logs[i];
    if (expire_before_ms != std::numeric_limits<std::int64_t>::min()) {
      log.swept_before_ms = std::max(log.swept_before_ms, horizon_of(i, expire_before_ms));
    }
    log.evicted_before_ms = std::max(log.evicted_before_ms, departures.evicted_before_ms);
    log.removed_before_ms =
        std::max({log.removed_before_ms, departures.expired_before_ms, absent_before(i, log, covered_from_ms)});
    log.last_record = logs_[i].last_record(departures);
  }
  return state;
}

// --- prepare ---

std::uint64_t LogStore::Batch::record_bytes(const Env& env) const {
  std::uint64_t bytes = 0;
  for (const LogBatch& log : logs) bytes += log.writer ? value_pages_bytes(env, log.writer->size_bytes()) : 0;
  return bytes;
}

/// Lays the records out: the first log's has all ranges, that of another those that its entries come from.
Result<void> LogStore::plan_batch(Batch& batch) const {
  batch.logs.resize(logs_.size());
  for (std::size_t i = 0; i < logs_.size(); ++i) {
    const std::span<const Entry> staged = logs_[i].staged();
    LogBatch& log = batch.logs[i];
    if (staged.empty() && (i != 0 || batch.decided)) continue;
    if (i != 0 && !keep_used_ranges(batch.ranges, staged, log.ranges, log.entries)) return unknown_range();
    const auto contents =
        i == 0 ? RecordContents{batch.id, batch.ranges, staged} : RecordContents{batch.id, log.ranges, log.entries};
    auto writer = RecordWriter::plan(contents, least_record_bytes(*env_));
    if (!writer) return forward(writer.error());
    log.writer = std::move(*writer);
  }
  return {};
}

Result<BatchId> LogStore::prepare(std::span<const SourceRange> ranges, std::int64_t expire_before_ms, bool decided) {
  user_.check();
  if (undecided_) return fail(Exit::internal, "prepare() was called while a batch is undecided");
  Batch batch{next_batch(), {ranges.begin(), ranges.end()}, expire_before_ms, decided, {}};
  for (SourceRange& range : batch.ranges) {
    const auto known = partitions_.find(range.tp);
    range.before = known == partitions_.end() ? std::nullopt : std::optional<PartitionState>(known->second);
  }
  if (auto planned = plan_batch(batch); !planned) return forward(planned.error());

  for (int attempt = 1;; ++attempt) {
    bool map_full = false;
    auto prepared = try_prepare(batch, attempt == 1, map_full);
    if (prepared) return batch.id;
    if (!map_full || attempt == map_full_attempts || records() == 0) return forward(prepared.error());
    // Within max_size, and yet no run of free pages is long enough. Evicting helps unless a reader holds them.
    if (const auto reader = env_->oldest_reader()) {
      prepared.error().message +=
          fmt::format("; process {} reads an old snapshot and so keeps the pages freed since", reader->pid);
      return forward(prepared.error());
    }
    if (!evict_early(batch.record_bytes(*env_))) return forward(prepared.error());
  }
}

Result<void> LogStore::plan_coalescing(std::span<Change> changes, const Batch& batch, std::uint64_t used) const {
  for (std::size_t i = 0; i < logs_.size(); ++i) {
    if (!batch.logs[i].writer) continue;
    const std::uint64_t room = options_.max_size_bytes - std::min(used, options_.max_size_bytes);
    auto planned = logs_[i].plan_coalescing(changes[i].departures, Millis{retain_ms_[i]}, room);
    if (!planned) return forward(planned.error());
    if (*planned) used += value_pages_bytes(*env_, (*planned)->writer.size_bytes());
    changes[i].coalescing = std::move(*planned);
  }
  return {};
}

Result<void> LogStore::try_prepare(const Batch& batch, bool may_coalesce, bool& map_full) {
  auto txn = begin_write();
  if (!txn) return forward(txn.error());
  std::vector<Change> changes = expired(batch.expire_before_ms);
  const auto written_logs =
      std::ranges::count_if(batch.logs, [](const LogBatch& log) { return log.writer.has_value(); });
  if (written_logs != 0) {
    auto used = used_bytes(*txn, tables_);
    if (!used) return forward(used.error());
    const std::uint64_t slack = static_cast<std::uint64_t>(written_logs) * tree_slack_pages * env_->page_bytes();
    const std::uint64_t needed = batch.record_bytes(*env_) + slack;
    if (auto fits = evict_for(changes, batch, *used, needed); !fits) return fits;
    auto planned = may_coalesce ? plan_coalescing(changes, batch, *used + needed) : Result<void>{};
    if (!planned) return planned;
  }
  LogState state = state_with(changes, batch.ranges, batch.expire_before_ms);
  state.sequence = batch.id.sequence;
  state.settled = batch.decided ? batch.id.sequence : batch.id.sequence - 1;
  for (std::size_t i = 0; i < logs_.size(); ++i) {
    if (batch.logs[i].writer) state.logs[i].last_record = batch.id.sequence;
  }

  auto written = write_changes(*txn, changes);
  if (written) written = write_batch(*txn, batch, state);
  if (written) written = commit(*txn);
  map_full = txn->met_full_map();
  if (!written) return written;

  const auto committed = read_back(batch, changes);
  if (!committed) {
    lost_commit_ = true;
    return forward(committed.error());
  }
  adopt(batch, state, changes, *committed);
  return {};
}

Result<void> LogStore::write_changes(Txn& txn, std::span<const Change> changes) const {
  for (std::size_t i = 0; i < logs_.size(); ++i) {
    if (auto erased = logs_[i].erase(txn, changes[i].departures); !erased) return erased;
    if (!changes[i].coalescing) continue;
    if (auto written = logs_[i].write(txn, *changes[i].coalescing); !written) return written;
  }
  return {};
}

Result<void> LogStore::write_batch(Txn& txn, const Batch& batch, const LogState& state) const {
  for (std::size_t i = 0; i < logs_.size(); ++i) {
    if (!batch.logs[i].writer) continue;
    if (auto appended = logs_[i].append(txn, batch.id.sequence, *batch.logs[i].writer); !appended) return appended;
  }
  for (const SourceRange& range : batch.ranges) {
    auto put = write_partition(txn, tables_, range.tp, {range.after, batch.id.sequence});
    if (!put) return put;
  }
  return write_log_state(txn, tables_, state);
}

/// Changes nothing in memory: if it fails, this object stays as it was before the batch, and the next start finds the
/// batch undecided.
Result<std::vector<LogStore::CommittedRecords>> LogStore::read_back(const Batch& batch,
                                                                    std::span<const Change> changes) const {
  std::vector<CommittedRecords> records(logs_.size());
  for (std::size_t i = 0; i < logs_.size(); ++i) {
    if (const auto& coalescing = changes[i].coalescing) {
      auto record = committed_record(logs_[i], coalescing->newer);
      if (!record) return forward(record.error());
      records[i].coalesced = *record;
    }
    if (!batch.logs[i].writer) continue;
    auto record = committed_record(logs_[i], batch.id.sequence);
    if (!record) return forward(record.error());
    records[i].batch = *record;
  }
  return records;
}

/// It stays where it is until it is deleted.
Result<RecordView> LogStore::committed_record(const WindowLog& log, std::uint64_t sequence) const {
  auto value = reader_->read([&](Txn& txn) { return txn.get(log.table(), integer_key(sequence)); });
  if (value && *value) return RecordView::trusted((*value)->data());
  return fail(Exit::io,
              fmt::format("store {}: batch {} was committed and cannot be read back ({}): restart",
                          options_.directory.string(), sequence, value ? "it is not there" : value.error().message));
}

void LogStore::adopt(const Batch& batch, const LogState& state, std::span<const Change> changes,
                     std::span<const CommittedRecords> records) {
  state_ = state;
  for (const SourceRange& range : batch.ranges) partitions_[range.tp] = range.after;
  for (std::size_t i = 0; i < logs_.size(); ++i) {
    logs_[i].forget(changes[i].departures);
    if (records[i].coalesced) logs_[i].adopt_coalesced(*records[i].coalesced);
    if (records[i].batch) {
      logs_[i].adopt(batch.id.sequence, *records[i].batch);
    } else {
      logs_[i].adopt_nothing();
    }
  }
  undecided_ = !batch.decided;
  end_batch();
}

/// Nothing of the batch is staged any more.
void LogStore::end_batch() {
  std::chrono::nanoseconds growth{0};
  for (WindowLog& log : logs_) growth += log.take_growth();
  longest_growth_ = std::max(longest_growth_, growth);
}

Result<void> LogStore::evict_early(std::uint64_t bytes) {
  auto txn = begin_write();
  if (!txn) return forward(txn.error());
  std::vector<Change> changes(logs_.size());
  for (std::uint64_t freed = 0; freed < bytes;) {
    const auto log = evicted_next(changes);
    if (!log) break;
    Departures& departures = changes[*log].departures;
    freed -= departures.bytes;
    logs_[*log].evict_next(departures);
    freed += departures.bytes;
  }
  LogState state = state_with(changes, {}, std::numeric_limits<std::int64_t>::min());
  state.settled = state.sequence;  // no batch is undecided here, and the last one's records may be among those that go
  auto done = write_changes(*txn, changes);
  if (done) done = write_log_state(*txn, tables_, state);
  if (done) done = commit(*txn);
  if (!done) return done;
  for (std::size_t i = 0; i < logs_.size(); ++i) logs_[i].forget(changes[i].departures);
  state_ = state;
  return {};
}

}  // namespace firstseen::store
