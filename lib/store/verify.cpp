#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "store/inspect.h"
#include "store/record_head.h"
#include "store/snapshot.h"

namespace firstseen::store {
namespace {

/// Collects what is wrong with a log, record by record.
class Verifier {
 public:
  /// Records up to the next call are those of this log.
  void begin_log(std::size_t number) {
    log_ = number;
    last_sequences_.resize(number + 1);
    before_last_.resize(number + 1);
  }

  void record(const LogRow& row) {
    std::uint64_t& last = last_sequences_[log_];

    const auto record = RecordView::parse(row.value);
    if (!record) return problem(row, "cannot be read");
    if (!record->intact()) return problem(row, "does not match its checksum");
    if (record->id().sequence != row.sequence) problem(row, "carries another sequence number");
    if (last != 0 && row.sequence <= last) problem(row, "is out of order");
    ++result_.records;
    result_.entries += record->entry_count();
    before_last_[log_] = last;
    last = row.sequence;
    if (record->first_batch() > row.sequence) problem(row, "holds batches from nowhere");
    check_entries(row, *record);
    for (std::uint32_t i = 0; i < record->range_count(); ++i) check_range(row, record->range(i), record->brought_by(i));
  }

  void state(const LogState& state) {
    const std::uint64_t newest = std::ranges::max(last_sequences_);
    for (std::size_t i = 0; i < last_sequences_.size(); ++i) {
      const std::uint64_t last = last_sequences_[i];
      const std::uint64_t noted = i < state.logs.size() ? state.logs[i].last_record : 0;
      if (last != noted) complain(fmt::format("the last record{} is {}, the meta data say {}", of_log(i), last, noted));
      if (before_last_[i] > state.settled || (last > state.settled && last != newest)) {
        complain("more than the last batch is undecided");
      }
    }
    if (newest > state.sequence || state.settled > state.sequence) {
      complain("a batch carries a higher number than the store ever gave");
    }
    if (newest > state.settled && last_sequences_.front() != newest) {
      complain("the undecided batch has no record in the first log");
    }
  }

  void partitions(const PartitionRows& rows) {
    for (const auto& [tp, last] : last_states_) {
      const auto row = rows.find(tp);
      if (row == rows.end()) {
        complain(fmt::format("{} is in the log and not among the partitions", to_string(tp)));
      } else if (row->second.changed_by < last.changed_by ||
                 (row->second.changed_by == last.changed_by && row->second.state != last.state)) {
        complain(fmt::format("{} is at offset {} among the partitions and at {} in the log", to_string(tp),
                             row->second.state.next_offset, last.state.next_offset));
      }
    }
  }

  void complain(std::string text) { result_.problems.push_back(std::move(text)); }
  [[nodiscard]] Verification take() { return std::move(result_); }

 private:
  void problem(const LogRow& row, std::string_view what) {
    complain(fmt::format("batch record {}{} {}", row.sequence, of_log(log_), what));
  }
  static std::string of_log(std::size_t number) { return number == 0 ? "" : fmt::format(" of log {}", number); }

  void check_entries(const LogRow& row, const RecordView& record) {
    const RecordHead head(record);
    for (std::uint32_t i = 0; i < record.entry_count(); ++i) {
      const Entry entry = head.entry(record.entry_at(i));
      const bool placed = entry.kind == EntryKind::forgotten || entry.range < record.range_count();
      if (placed && entry.time_ms >= record.min_time_ms() && entry.time_ms <= record.max_time_ms()) continue;
      return problem(row, fmt::format("has an impossible entry {}", i));
    }
  }

  void check_range(const LogRow& row, const SourceRange& range, std::uint64_t brought_by) {
    if (range.start > range.end || range.after.next_offset != range.end) {
      problem(row, fmt::format("has an impossible range of {}", to_string(range.tp)));
    }
    if (brought_by > row.sequence) problem(row, fmt::format("has a state of {} from nowhere", to_string(range.tp)));
    PartitionRow& last = last_states_[range.tp];
    if (brought_by >= last.changed_by) last = {range.after, brought_by};
  }

  Verification result_;
  PartitionRows last_states_;
  std::size_t log_ = 0;
  std::vector<std::uint64_t> last_sequences_;  ///< by log
  std::vector<std::uint64_t> before_last_;
};

}  // namespace

Result<Verification> verify(const std::filesystem::path& directory) {
  auto snapshot = take_snapshot(directory);
  if (!snapshot) return forward(snapshot.error());
  const auto& tables = snapshot->tables;
  auto& txn = snapshot->txn;
  Verifier verifier;
  for (std::size_t i = 0; i < tables.logs.size(); ++i) {
    verifier.begin_log(i);
    auto walked = for_each_record(txn, tables.logs[i], [&](const LogRow& row) {
      verifier.record(row);
      return true;
    });
    if (!walked) return forward(walked.error());
  }
  const auto check = [&](const auto& read, const auto& use) {
    if (read) {
      use(*read);
    } else {
      verifier.complain(read.error().message);
    }
  };
  check(read_identity(txn, tables), [](const Identity&) {});
  check(read_log_state(txn, tables), [&](const LogState& state) { verifier.state(state); });
  check(read_partitions(txn, tables), [&](const PartitionRows& rows) { verifier.partitions(rows); });
  check(read_texts(txn, tables, TextKind::pin), [](const Texts&) {});
  check(read_texts(txn, tables, TextKind::note), [](const Texts&) {});
  return verifier.take();
}

}  // namespace firstseen::store
