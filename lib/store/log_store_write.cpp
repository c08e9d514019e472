#include <fmt/format.h>

#include <algorithm>
#include <limits>

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

/// The whole index is scrubbed while the tail moves on by so many positions: a quarter of all, the part that
/// LogLimits::longest_log leaves free.
constexpr double scrub_round = 1U << 30U;

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

// --- pins and notes ---

Result<void> LogStore::write_texts(TextKind kind, std::span<const Pin> texts) {
  if (texts.empty()) return {};
  auto txn = begin_write();
  if (!txn) return forward(txn.error());
  for (const Pin& text : texts) {
    if (auto written = write_text(*txn, tables_, kind, text.name, text.value); !written) return written;
  }
  if (auto committed = txn->commit(); !committed) return committed;
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

/// LMDB keeps a value inline in a leaf page, and moves it, up to about half a page; one this long gets pages of its
/// own.
std::size_t LogStore::least_record_bytes() const { return env_->page_bytes() / 2; }

/// Pages that a value of this size takes (LMDB: one header of 16 bytes, then contiguous pages).
std::uint64_t LogStore::value_pages_bytes(std::uint64_t size) const {
  constexpr std::uint64_t page_header = 16;
  const std::uint64_t page = env_->page_bytes();
  return (size + page_header + page - 1) / page * page;
}

// --- what leaves ---

void LogStore::depart(Departures& departures, const LiveRecord& record) const {
  ++departures.from_head;
  departures.bytes += value_pages_bytes(record.size_bytes);
  departures.positions += LiveLog::positions_for(record.entry_count);
}

LogStore::Departures LogStore::expired(std::int64_t expire_before_ms) const {
  Departures departures;
  const auto& records = log_.records();
  // Only from the head: what a tombstone covers stands before it in the log and so never outlives it.
  while (departures.from_head < records.size()) {
    const LiveRecord& record = records[departures.from_head];
    if (record.entry_count != 0 && record.max_time_ms >= expire_before_ms) break;
    depart(departures, record);
    departures.expired_entries += record.entry_count;
  }
  if (departures.from_head < records.size() && records.back().entry_count == 0) {
    departures.empty_last = true;
    departures.bytes += value_pages_bytes(records.back().size_bytes);
  }
  return departures;
}

Result<void> LogStore::evict_for(Departures& departures, std::uint64_t used, std::uint64_t needed,
                                 LogPosition positions) const {
  const auto& records = log_.records();
  const std::size_t evictable = records.size() - (departures.empty_last ? 1 : 0);
  const LogPosition length = log_.tail() - log_.head();
  for (;;) {
    const std::uint64_t stays = used - std::min(used, departures.bytes);
    const bool space = stays + needed <= options_.max_size_bytes;
    const bool room = std::uint64_t{length - departures.positions} + positions <= limits_.longest_log;
    if (space && room) return {};
    if (departures.from_head >= evictable) {
      return fail(Action::pause, Exit::io,
                  fmt::format("store {}: a batch of {} bytes does not fit into store.max_size ({} bytes) even with "
                              "nothing else in it: raise store.max_size or lower delivery.max_batch",
                              options_.directory.string(), needed, options_.max_size_bytes));
    }
    evict_next(departures);
  }
}

void LogStore::evict_next(Departures& departures) const {
  const LiveRecord& record = log_.records()[departures.from_head];
  depart(departures, record);
  departures.evicted_entries += record.entry_count;
  if (record.entry_count != 0) {
    departures.evicted_before_ms = std::max(departures.evicted_before_ms, record.max_time_ms);
  }
}

Result<void> LogStore::erase_departed(Txn& txn, const Departures& departures) const {
  const auto& records = log_.records();
  for (std::size_t i = 0; i < departures.from_head; ++i) {
    if (auto erased = txn.erase(tables_.log, integer_key(records[i].sequence)); !erased) return erased;
  }
  return departures.empty_last ? txn.erase(tables_.log, integer_key(records.back().sequence)) : Result<void>{};
}

void LogStore::forget_departed(const Departures& departures) {
  for (std::size_t i = 0; i < departures.from_head; ++i) log_.pop_front();
  if (departures.empty_last) log_.pop_back();
  expired_entries_ += departures.expired_entries;
  evicted_entries_ += departures.evicted_entries;
}

LogState LogStore::state_with(const Departures& departures, std::int64_t expire_before_ms) const {
  LogState state = state_;
  if (expire_before_ms != std::numeric_limits<std::int64_t>::min()) {
    state.swept_before_ms = std::max(state.swept_before_ms, expire_before_ms);
  }
  state.evicted_before_ms = std::max(state.evicted_before_ms, departures.evicted_before_ms);
  const auto& records = log_.records();
  const std::size_t stay = records.size() - (departures.empty_last ? 1 : 0);
  state.last_record = departures.from_head < stay ? records[stay - 1].sequence : 0;
  return state;
}

// --- prepare ---

Result<BatchId> LogStore::prepare(std::span<const SourceRange> ranges, std::int64_t expire_before_ms, bool decided) {
  user_.check();
  if (undecided_) return fail(Exit::internal, "prepare() was called while a batch is undecided");
  Batch batch{next_batch(), {ranges.begin(), ranges.end()}, expire_before_ms, decided, !decided || !staged_.empty()};
  for (SourceRange& range : batch.ranges) {
    const auto known = partitions_.find(range.tp);
    range.before = known == partitions_.end() ? std::nullopt : std::optional<PartitionState>(known->second);
  }
  auto writer = RecordWriter::plan({batch.id, batch.ranges, staged_}, least_record_bytes());
  if (!writer) return forward(writer.error());

  for (int attempt = 1;; ++attempt) {
    bool map_full = false;
    auto prepared = try_prepare(batch, *writer, attempt == 1, map_full);
    if (prepared) return batch.id;
    if (!map_full || attempt == map_full_attempts || log_.records().empty()) return forward(prepared.error());
    // Within max_size, and yet no run of free pages is long enough. Evicting helps unless a reader holds them.
    if (const auto reader = env_->oldest_reader()) {
      prepared.error().message +=
          fmt::format("; process {} reads an old snapshot and so keeps the pages freed since", reader->pid);
      return forward(prepared.error());
    }
    if (!evict_early(value_pages_bytes(writer->size_bytes()))) return forward(prepared.error());
  }
}

Result<void> LogStore::try_prepare(const Batch& batch, const RecordWriter& writer, bool may_coalesce, bool& map_full) {
  auto txn = begin_write();
  if (!txn) return forward(txn.error());
  Departures departures = expired(batch.expire_before_ms);
  std::optional<Coalescing> coalescing;
  if (batch.has_record) {
    auto used = used_bytes(*txn, tables_);
    if (!used) return forward(used.error());
    const std::uint64_t needed = value_pages_bytes(writer.size_bytes()) + tree_slack_pages * env_->page_bytes();
    auto fits = evict_for(departures, *used, needed, LiveLog::positions_for(staged_.size()));
    if (!fits) return fits;
    auto planned = may_coalesce ? plan_coalescing(departures, *used + needed) : std::nullopt;
    if (!planned) return forward(planned.error());
    coalescing = std::move(*planned);
  }
  LogState state = state_with(departures, batch.expire_before_ms);
  state.sequence = batch.id.sequence;
  state.settled = batch.decided ? batch.id.sequence : batch.id.sequence - 1;
  if (batch.has_record) state.last_record = batch.id.sequence;

  auto written = erase_departed(*txn, departures);
  if (written && coalescing) written = write_coalesced(*txn, *coalescing);
  if (written) written = write_batch(*txn, batch, writer, state);
  if (written) written = txn->commit();
  map_full = txn->met_full_map();
  if (!written) return written;

  const auto committed = read_back(batch, coalescing);
  if (!committed) {
    lost_commit_ = true;
    return forward(committed.error());
  }
  forget_departed(departures);
  if (committed->coalesced) adopt_coalesced(*committed->coalesced);
  adopt_batch(batch, state, committed->batch);
  return {};
}

Result<void> LogStore::write_batch(Txn& txn, const Batch& batch, const RecordWriter& writer,
                                   const LogState& state) const {
  if (batch.has_record) {
    auto room = txn.append(tables_.log, batch.id.sequence, writer.size_bytes());
    if (!room) return forward(room.error());
    writer.write(*room);
  }
  for (const SourceRange& range : batch.ranges) {
    auto put = write_partition(txn, tables_, range.tp, {range.after, batch.id.sequence});
    if (!put) return put;
  }
  return write_log_state(txn, tables_, state);
}

/// Changes nothing in memory: if it fails, this object stays as it was before the batch, and the next start finds the
/// batch undecided.
Result<LogStore::CommittedRecords> LogStore::read_back(const Batch& batch,
                                                       const std::optional<Coalescing>& coalescing) const {
  CommittedRecords records;
  if (coalescing) {
    auto record = committed_record(coalescing->newer);
    if (!record) return forward(record.error());
    records.coalesced = *record;
  }
  if (batch.has_record) {
    auto record = committed_record(batch.id.sequence);
    if (!record) return forward(record.error());
    records.batch = *record;
  }
  return records;
}

/// It stays where it is until it is deleted.
Result<RecordView> LogStore::committed_record(std::uint64_t sequence) const {
  auto value = reader_->read([&](Txn& txn) { return txn.get(tables_.log, integer_key(sequence)); });
  if (value && *value) return RecordView::trusted((*value)->data());
  return fail(Exit::io,
              fmt::format("store {}: batch {} was committed and cannot be read back ({}): restart",
                          options_.directory.string(), sequence, value ? "it is not there" : value.error().message));
}

void LogStore::adopt_batch(const Batch& batch, const LogState& state, const std::optional<RecordView>& record) {
  state_ = state;
  for (const SourceRange& range : batch.ranges) partitions_[range.tp] = range.after;
  const LogPosition positions = LiveLog::positions_for(staged_.size());
  staged_.clear();
  if (!record) return;
  env_->populate(record->bytes());  // duplicates will look at it
  log_.append(batch.id.sequence, *record);
  undecided_ = !batch.decided;
  index_.scrub(static_cast<double>(positions) / scrub_round, live());
}

Result<void> LogStore::evict_early(std::uint64_t bytes) {
  auto txn = begin_write();
  if (!txn) return forward(txn.error());
  Departures departures;
  while (departures.from_head < log_.records().size() && departures.bytes < bytes) {
    evict_next(departures);
  }
  const LogState state = state_with(departures, std::numeric_limits<std::int64_t>::min());
  auto done = erase_departed(*txn, departures);
  if (done) done = write_log_state(*txn, tables_, state);
  if (done) done = txn->commit();
  if (!done) return done;
  forget_departed(departures);
  state_ = state;
  return {};
}

// --- roll back, close ---

Result<void> LogStore::roll_back() {
  user_.check();
  if (!undecided_) return {};
  const LiveRecord record = log_.records().back();
  const RecordView view = record.view();
  std::vector<SourceRange> ranges;
  ranges.reserve(view.range_count());
  for (std::uint32_t i = 0; i < view.range_count(); ++i) ranges.push_back(view.range(i));
  std::vector<Digest> digests;
  digests.reserve(record.entry_count);
  for (std::uint32_t i = 0; i < record.entry_count; ++i) digests.push_back(view.digest(i));

  auto txn = begin_write();
  if (!txn) return forward(txn.error());
  LogState state = state_;
  state.settled = record.sequence;
  const auto& records = log_.records();
  state.last_record = records.size() > 1 ? records[records.size() - 2].sequence : 0;
  auto done = txn->erase(tables_.log, integer_key(record.sequence));
  for (const SourceRange& range : ranges) {
    if (!done) return done;
    done = range.before ? write_partition(*txn, tables_, range.tp, {*range.before, record.sequence - 1})
                        : erase_partition(*txn, tables_, range.tp);
  }
  if (done) done = write_log_state(*txn, tables_, state);
  if (done) done = txn->commit();
  if (!done) return done;

  const std::vector<Entry> staged = staged_;  // they stand behind the record that goes, so their positions change
  drop_staged();
  for (std::uint32_t i = 0; i < record.entry_count; ++i) {
    index_.erase(index_.hash(digests[i]), record.first_position + i);
  }
  log_.pop_back();
  for (const Entry& entry : staged) stage(entry);
  for (const SourceRange& range : ranges) {
    if (range.before) {
      partitions_[range.tp] = *range.before;
    } else {
      partitions_.erase(range.tp);
    }
  }
  state_ = state;
  undecided_ = false;
  return {};
}

Result<void> LogStore::close_clean() {
  user_.check();
  LogState state = state_;
  if (!undecided_) state.settled = state.sequence;
  if (state != state_) {
    auto txn = begin_write();
    if (!txn) return forward(txn.error());
    auto done = write_log_state(*txn, tables_, state);
    if (done) done = txn->commit();
    if (!done) return done;
    state_ = state;
  }
  if (!marked_unsynced_) return {};
  if (auto synced = env_->sync(); !synced) return synced;
  if (auto removed = UnsyncedMark::remove(options_.directory); !removed) return removed;
  marked_unsynced_ = false;
  return {};
}

}  // namespace firstseen::store
