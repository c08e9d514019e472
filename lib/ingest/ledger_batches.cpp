#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ingest/ledger.h"
#include "ingest/ledger_tables.h"

namespace firstseen::ingest {
using namespace ledger_tables;  // NOLINT(google-build-using-namespace): rows are what this file is about

namespace {

// In the table `meta`.
constexpr std::string_view output_length_name = "output_length";
constexpr std::string_view output_open_name = "output_open";
// The latter's value is one of these, a blank, and where the batch ends at the latest.
constexpr std::string_view claimed = "claimed";
constexpr std::string_view unclaimed = "unclaimed";

}  // namespace

std::string Ledger::mark_of(std::uint32_t worker, std::uint64_t sequence) const {
  return fmt::format("{}:{}:{}", id_, worker, sequence);
}

Result<WorkerRecord> Ledger::worker(store::Txn& txn, std::uint32_t number) {
  const std::string key = std::to_string(number);
  const auto found = txn.get(tables_.workers, store::bytes_of(key));
  if (!found) return forward(found.error());
  if (!*found) return WorkerRecord{};
  auto record = decode_worker(**found);
  if (!record) return damaged(*env_, "the record of worker " + key);
  return *record;
}

Result<std::string> Ledger::prepare(std::uint32_t number, const Batch& batch) {
  std::string mark;
  auto written = write([&](store::Txn& txn) -> Result<void> {
    auto record = worker(txn, number);
    if (!record) return forward(record.error());
    if (record->prepared) return fail(Exit::internal, "a batch of this worker is still undecided");
    ++record->sequence;
    record->prepared = batch;
    record->prepared_ms = clock_.wall_ms();
    mark = mark_of(number, record->sequence);
    return put_text(txn, tables_.workers, std::to_string(number), encode(*record));
  });
  if (!written) return forward(written.error());
  return mark;
}

Result<void> Ledger::settle(std::uint32_t number) {
  std::optional<Batch> batch;
  auto written = write([&](store::Txn& txn) -> Result<void> {
    auto record = worker(txn, number);
    if (!record) return forward(record.error());
    batch = std::exchange(record->prepared, std::nullopt);
    if (!batch) return {};
    if (auto applied = apply(txn, *batch); !applied) return applied;
    return put_text(txn, tables_.workers, std::to_string(number), encode(*record));
  });
  if (written && batch) note_counted(*batch);
  return written;
}

Result<void> Ledger::roll_back(std::uint32_t number) {
  return write([&](store::Txn& txn) -> Result<void> {
    auto record = worker(txn, number);
    if (!record) return forward(record.error());
    if (!record->prepared) return {};
    record->prepared.reset();  // the sequence stays: no mark is ever used twice
    return put_text(txn, tables_.workers, std::to_string(number), encode(*record));
  });
}

/// The batch's records count from now on.
Result<void> Ledger::apply(store::Txn& txn, const Batch& batch) {
  auto content = content_at(txn, tables_.contents, batch.sha256);
  if (!content) return forward(content.error());
  auto file = file_at(txn, tables_.files, batch.path);
  if (!file) return forward(file.error());
  if (!*content || !*file) return damaged(*env_, "the batch of " + batch.path);
  ContentRecord& c = **content;
  c.records += batch.records;
  c.duplicates += batch.duplicates;
  c.complete = c.complete || batch.last;
  if (auto put = put_text(txn, tables_.contents, batch.sha256, encode(c)); !put) return put;
  if (batch.keys) {
    const std::string keys = fmt::format("{}:{:x}", batch.keys->sequence, batch.keys->owner);
    if (auto put = put_text(txn, tables_.meta, "keys", keys); !put) return put;
  }
  FileRecord& f = **file;
  f.records = c.records;  // at once: they count, even if the file fails after them
  f.duplicates = c.duplicates;
  if (!batch.last) return put_file(txn, tables_.files, f);
  f.status = FileStatus::success;
  f.ingested_sha256 = batch.sha256;
  f.error.clear();
  ++f.version;
  f.finished_ms = clock_.wall_ms();
  return put_file(txn, tables_.files, f);
}

Result<std::vector<Ledger::Undecided>> Ledger::undecided() {
  auto txn = begin_read();
  if (!txn) return forward(txn.error());
  auto cursor = store::Cursor::open(*txn, tables_.workers);
  if (!cursor) return forward(cursor.error());
  std::vector<Undecided> found;
  while (true) {
    const auto row = cursor->next();
    if (!row) return forward(row.error());
    if (!*row) return found;
    const auto record = decode_worker((*row)->value);
    const auto number = number_of(store::text_of((*row)->key));
    if (!record || !number) return damaged(*env_, "the record of a worker");
    if (!record->prepared) continue;
    const auto worker = static_cast<std::uint32_t>(*number);
    found.push_back({worker, mark_of(worker, record->sequence), *record->prepared, record->prepared_ms});
  }
}

Result<Ledger::Output> Ledger::output() {
  auto txn = begin_read();
  if (!txn) return forward(txn.error());
  const auto length = text_at(*txn, tables_.meta, output_length_name);
  if (!length) return forward(length.error());
  const auto open = text_at(*txn, tables_.meta, output_open_name);
  if (!open) return forward(open.error());
  Output output;
  if (*length) output.length = number_of(**length);
  if (*length && !output.length) return damaged(*env_, "the output's length");
  if (!*open) return output;
  const std::string_view text = **open;
  const std::size_t blank = std::min(text.find(' '), text.size());
  output.behind = text.substr(0, blank) == claimed ? Behind::batch_and_claim : Behind::batch;
  if (blank == text.size()) return output;
  output.end = number_of(text.substr(blank + 1));
  if (!output.end) return damaged(*env_, "how far the output was written");
  return output;
}

Result<void> Ledger::open_output(Behind behind, std::uint64_t end) {
  const std::string_view whose = behind == Behind::batch_and_claim ? claimed : unclaimed;
  return write(
      [&](store::Txn& txn) { return put_text(txn, tables_.meta, output_open_name, fmt::format("{} {}", whose, end)); });
}

Result<void> Ledger::put_output_length(store::Txn& txn, std::uint64_t bytes) {
  auto closed = txn.erase_if_present(tables_.meta, store::bytes_of(output_open_name));
  if (!closed) return closed;
  return put_text(txn, tables_.meta, output_length_name, std::to_string(bytes));
}

Result<void> Ledger::set_output_length(std::uint64_t bytes) {
  return write([&](store::Txn& txn) { return put_output_length(txn, bytes); });
}

Result<void> Ledger::commit_output(const Batch& batch, std::uint64_t length) {
  auto written = write([&](store::Txn& txn) -> Result<void> {
    if (auto applied = apply(txn, batch); !applied) return applied;
    return put_output_length(txn, length);
  });
  if (written) note_counted(batch);
  return written;
}

void Ledger::note_counted(const Batch& batch) {
  const std::scoped_lock lock(mutex_);
  Counted& counted = counted_[batch.sha256];
  counted.records += batch.records;
  counted.duplicates += batch.duplicates;
}

std::optional<Ledger::Counted> Ledger::take_counted(const std::string& sha256) {
  const std::scoped_lock lock(mutex_);
  const auto taken = counted_.extract(sha256);
  return taken ? std::optional(taken.mapped()) : std::nullopt;
}

Result<std::optional<store::BatchId>> Ledger::standing_keys() {
  auto txn = begin_read();
  if (!txn) return forward(txn.error());
  const auto text = text_at(*txn, tables_.meta, "keys");
  if (!text) return forward(text.error());
  if (!*text) return std::optional<store::BatchId>();
  const std::string_view both = **text;
  const std::size_t colon = std::min(both.find(':'), both.size() - 1);
  const auto sequence = number_of(both.substr(0, colon));
  const auto owner = number_of(both.substr(colon + 1), 16);
  if (!sequence || !owner) return damaged(*env_, "the last batch of keys");
  return std::optional(store::BatchId{*sequence, *owner});
}

}  // namespace firstseen::ingest
