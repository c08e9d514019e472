// What happens to a batch once it is complete: prepare, hand over, settle; or abort and fall.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "dedup/metadata.h"
#include "dedup/session.h"

namespace firstseen::dedup {

using kafka::Progress;

namespace {
/// How long one step waits for the publishing stage.
constexpr Millis longest_await{100};
}  // namespace

/// The batch in hand becomes the one in flight. Precondition: none is.
Result<void> Session::prepare() {
  context_.at(Step::taken);
  for (const auto& [tp, partition] : partitions_) {
    if (partition.range >= 0) batch_.close_range(partition);
  }
  const std::int64_t begun_ns = context_.clock.steady_ns();
  const auto id = context_.store.prepare(batch_.ranges(), batch_.expire_before_ms(), false);
  if (!id) return forward(id.error());
  const std::int64_t took_ns = context_.clock.steady_ns() - begun_ns;
  batch_.times()[BatchStep::prepare] = took_ns;
  prepare_time_ms_ = 1 + took_ns / 1'000'000;
  ++batch_.counts().batches_committed;
  memory_.in_doubt = batch_.counts();
  context_.at(Step::prepared);

  BatchEnd end{batch_.offsets(commit_metadata(context_.store.id(), *id)), batch_.membership()};
  if (context_.options.guarantee == kafka::Guarantee::at_least_once) offsets_ = end.offsets;
  for (auto& [tp, partition] : partitions_) partition.range = -1;
  std::swap(batch_, in_flight_);
  in_flight_id_ = id->sequence;
  stage_.finish(std::move(end));
  return {};
}

/// Takes note of what the publishing stage has reported.
Result<void> Session::hear() {
  while (auto report = stage_.next_report()) {
    if (auto noted = on_report(std::move(*report)); !noted) return noted;
  }
  if (acknowledged_) return commit_offsets();
  return {};
}

Result<void> Session::on_report(StageReport report) {
  switch (report.kind) {
    case StageReport::Kind::initialised:
      initialised_ = true;
      return {};
    case StageReport::Kind::acknowledged:
      note_times(report);
      acknowledged_ = true;
      acknowledged_at_ns_ = context_.clock.steady_ns();
      return {};
    case StageReport::Kind::committed:
      note_times(report);
      next_begin_ms_ = report.next_begin_ms;
      settle();
      return {};
    case StageReport::Kind::failed:
      in_flight_failed_ = true;
      if (phase_ == Phase::aborting && report.error.action == Action::abort) return {};
      return forward(std::move(report.error));
    case StageReport::Kind::abort_failed:
      abort_asked_ = false;
      return forward(std::move(report.error));
    case StageReport::Kind::aborted:
      if (!report.failures.empty()) {
        context_.log(LogLevel::warning, "not delivered: " + report.failures.front().reason);
      }
      memory_.suspects.learn(report.failures);
      aborted_ = true;
      return {};
  }
  return {};
}

void Session::note_times(const StageReport& report) {
  in_flight_.times()[BatchStep::publish] = report.publish_ns;
  in_flight_.times()[BatchStep::commit] = report.commit_ns;
}

/// at_least_once: everything of the batch in flight is acknowledged.
Result<void> Session::commit_offsets() {
  const auto committed = context_.consumer.commit(offsets_, in_flight_.membership());
  if (!committed) {
    acknowledged_ = false;
    in_flight_failed_ = true;
    Error error = committed.error();
    // An attempt that was not answered may have taken effect, whatever became of its repetition: the rule must tell.
    if (commit_unanswered_ && error.action == Action::abort) error.action = Action::restart;
    if (phase_ == Phase::aborting && error.action == Action::abort) return {};
    return forward(std::move(error));
  }
  commit_unanswered_ = *committed == Progress::again;
  if (commit_unanswered_) return {};
  context_.at(Step::committed);
  acknowledged_ = false;
  in_flight_.times()[BatchStep::commit] += context_.clock.steady_ns() - acknowledged_at_ns_;
  settle();
  stage_.go_on();
  return {};
}

/// Nothing can be done until the publishing stage has got on.
void Session::await() {
  if (context_.stop.expired(context_.clock)) {
    phase_ = Phase::left;  // undecided: the next start applies the rule
  } else if (!acknowledged_) {
    hooks_.wait_for_publishing(longest_await);
  }
}

/// The batch in flight stands.
void Session::settle() {
  context_.store.settle();
  memory_.counters.add(in_flight_.counts());
  memory_.measures.settle(in_flight_.times(), in_flight_.timestamps(), context_.clock.wall_ms());
  memory_.in_doubt = Counters{};
  for (const store::SourceRange& range : in_flight_.ranges()) {
    memory_.suspects.acquit(range.tp, range.end);
    std::erase_if(memory_.skipped, [&](const Position& p) { return p.tp == range.tp && p.offset < range.end; });
    if (Partition* partition = partitions_.find(range.tp)) {
      partition->commit_start = false;
      partition->other_log = false;
      partition->settle(range.after);
    }
  }
  in_flight_.clear();
  made_progress_ = true;
  standstill_.end();
  if (phase_ == Phase::taking) {
    failures_in_a_row_ = 0;
    detail_.clear();
  }
  context_.at(Step::settled);
}

void Session::start_abort(const std::string& why) {
  context_.log(LogLevel::warning, "aborting the batch: " + why);
  context_.at(Step::aborting);
  phase_ = Phase::aborting;
  abort_asked_ = false;
  aborted_ = false;
  in_touch_ = false;
}

/// In order: what is in flight may still stand, only then its successor is aborted; when it has failed, both fall.
Result<void> Session::aborting() {
  if (auto heard = hear(); !heard) return heard;
  const bool undecided = in_flight_.is_open() && !in_flight_failed_;
  if (!undecided && !std::exchange(abort_asked_, true)) stage_.abort();
  if (aborted_) {
    phase_ = Phase::falling;
  } else {
    await();
  }
  return {};
}

/// Cuts the prepared record off and puts the partitions back to where the first of the fallen batches began.
Result<void> Session::falling() {
  context_.store.drop_staged();
  if (in_flight_.is_open() && context_.store.undecided()) {
    if (auto fallen = context_.store.roll_back(); !fallen) return fallen;
  }
  memory_.in_doubt = Counters{};
  context_.at(Step::rolled_back);
  for (const Batch* batch : {&batch_, &in_flight_}) {
    if (batch->is_open()) ++memory_.counters.batches_aborted;
  }
  in_flight_failed_ = false;
  phase_ = Phase::taking;
  return restore_partitions();
}

void Session::restore(const Batch& batch) {
  for (std::size_t range = 0; range < batch.ranges().size(); ++range) {
    Partition* partition = partitions_.find(batch.ranges()[range].tp);
    if (partition == nullptr) continue;
    partition->state = batch.state_before(range);
    // What stopped it, a rejected message further on, will be met again.
    if (partition->other_log) {
      partition->stop(StopCause::gap, partition->reason);
      partition->gap_to_settle = true;
    } else if (partition->cause == StopCause::rejected) {
      partition->run_again();
    }
  }
}

Result<void> Session::restore_partitions() {
  restore(batch_);
  restore(in_flight_);  // its states are the earlier ones
  batch_.clear();
  in_flight_.clear();
  std::vector<Position> positions;
  for (auto& [tp, partition] : partitions_) {
    partition.range = -1;
    partition.at_end = false;  // what was read up to there is read again; the end is met again
    // Messages of the failed chunk may have been handed out for a partition that no batch holds.
    if (partition.running()) positions.push_back({tp, partition.fetch_from()});
  }
  if (partitions_.empty()) return {};  // they were given up while the batches could not fall
  if (!assigned_) return back_off("the start offsets could not be committed");
  if (rebalance_) return {};
  if (auto rewound = context_.consumer.rewind(positions); !rewound) return rewound;
  if (failures_in_a_row_ > 1) return back_off(detail_);
  // All of them: a back-off that was over while the batches fell has left them paused.
  return let_fetch(partitions_.running());
}

}  // namespace firstseen::dedup
