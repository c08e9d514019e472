#include "store/log_reader.h"

#include <algorithm>
#include <deque>
#include <functional>
#include <utility>
#include <vector>

#include "store/index_builder.h"
#include "store/parallel.h"

namespace firstseen::store {
namespace {

/// Records whose heads are asked for together.
constexpr std::size_t heads_ahead = 1024;

/// Of a record, enough for what its head says.
constexpr std::size_t head_bytes = 4096;

/// Bytes of records that the threads go through while the disk brings as many more.
constexpr std::uint64_t window_bytes = 64ULL << 20U;

/// So many entries are worth another thread.
constexpr std::uint64_t entries_per_worker = 100'000;

/// Stretches of the file with less between them are read as one.
constexpr std::size_t near_bytes = 128U << 10U;

/// Puts together what follows in the map, so that the kernel is asked once for many records.
class Stretches {
 public:
  using Visit = std::function<void(Bytes)>;
  explicit Stretches(Visit visit) : visit_(std::move(visit)) {}

  void add(Bytes bytes) {
    const std::uint8_t* end = bytes.data() + bytes.size();
    if (first_ != nullptr && bytes.data() >= end_ && bytes.data() <= end_ + near_bytes) {
      end_ = end;
      return;
    }
    finish();
    first_ = bytes.data();
    end_ = end;
  }
  void finish() {
    if (first_ != nullptr) visit_(Bytes(first_, end_));
    first_ = nullptr;
  }

 private:
  Visit visit_;
  const std::uint8_t* first_ = nullptr;
  const std::uint8_t* end_ = nullptr;
};

/// The one pass: window by window, each thread checks its share of the records and hands over what they hold.
class Pass {
 public:
  Pass(const Env& env, const LiveLog& log, GrowingIndex& index)
      : env_(env), records_(log.records()), builder_(index, log, workers_for(log.entries(), entries_per_worker)) {}

  std::optional<std::uint64_t> run() {
    Share window = window_from(0);
    read_ahead(window);
    while (window.first < window.end) {
      const Share next = window_from(window.end);
      read_ahead(next);
      if (const auto damaged = take(window)) return damaged;
      builder_.insert_if_enough();
      window = next;
    }
    builder_.finish();
    return {};
  }

 private:
  [[nodiscard]] Share window_from(std::size_t first) const {
    Share window{first, first};
    for (std::uint64_t bytes = 0; window.end < records_.size() && bytes < window_bytes; ++window.end) {
      bytes += records_[window.end].size_bytes;
    }
    return window;
  }

  void for_each_stretch(Share share, const Stretches::Visit& visit) const {
    Stretches stretches(visit);
    for (std::size_t i = share.first; i < share.end; ++i) stretches.add({records_[i].value, records_[i].size_bytes});
    stretches.finish();
  }

  void read_ahead(Share window) const {
    for_each_stretch(window, [&](Bytes bytes) { env_.will_need(bytes); });
  }

  /// The first damaged record, after which nothing is of use.
  std::optional<std::uint64_t> take(Share window) {
    const std::size_t workers = builder_.workers();
    std::vector<std::optional<std::uint64_t>> damaged(workers);
    run_in_parallel(workers, [&](std::size_t worker) {
      Share mine = share_of(window.end - window.first, worker, workers);
      mine = {window.first + mine.first, window.first + mine.end};
      for_each_stretch(mine, [&](Bytes bytes) { env_.populate(bytes); });
      for (std::size_t i = mine.first; i < mine.end && !damaged[worker]; ++i) {
        if (records_[i].view().intact()) {
          builder_.add(worker, records_[i]);
        } else {
          damaged[worker] = records_[i].sequence;
        }
      }
    });
    const auto first = std::ranges::find_if(damaged, [](const auto& found) { return found.has_value(); });
    return first == damaged.end() ? std::nullopt : *first;
  }

  const Env& env_;
  const std::deque<LiveRecord>& records_;
  IndexBuilder builder_;
};

}  // namespace

Result<std::optional<std::uint64_t>> read_heads(Txn& txn, Dbi table, LiveLog& log) {
  std::vector<LogRow> rows;
  std::optional<std::uint64_t> damaged;
  const auto take_rows = [&] {
    Stretches heads([&](Bytes bytes) { txn.env().will_need(bytes); });
    for (const LogRow& row : rows) heads.add(row.value.first(std::min<std::size_t>(row.value.size(), head_bytes)));
    heads.finish();
    for (const LogRow& row : rows) {
      const auto record = RecordView::parse(row.value);
      if (!record || record->id().sequence != row.sequence) {
        damaged = row.sequence;
        return false;
      }
      log.append(row.sequence, *record);
    }
    rows.clear();
    return true;
  };
  auto walked = for_each_record(txn, table, [&](const LogRow& row) {
    rows.push_back(row);
    return rows.size() < heads_ahead || take_rows();
  });
  if (!walked) return forward(walked.error());
  if (!damaged) take_rows();
  return damaged;
}

std::optional<std::uint64_t> read_entries(const Env& env, const LiveLog& log, GrowingIndex& index) {
  return Pass(env, log, index).run();
}

}  // namespace firstseen::store
