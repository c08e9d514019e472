// The phases of a batch once it is complete: prepare, send the offsets, commit, settle; or abort and fall.
#include <fmt/format.h>

#include <algorithm>

#include "dedup/metadata.h"
#include "dedup/session.h"

namespace firstseen::dedup {

using kafka::Progress;

Result<void> Session::prepare() {
  context_.at(Step::taken);
  for (const auto& [tp, partition] : partitions_) {
    if (partition.range >= 0) batch_.close_range(partition);
  }
  if (batch_.ranges().empty()) {  // a failed first message leaves a transaction without offsets
    start_abort("nothing was taken");
    return {};
  }
  const auto id = context_.store.prepare(batch_.ranges(), batch_.expire_before_ms(), false);
  if (!id) return forward(id.error());
  ++batch_.counts().batches_committed;
  memory_.in_doubt = batch_.counts();
  context_.at(Step::prepared);
  offsets_ = batch_.offsets(commit_metadata(context_.store.id(), *id));
  phase_ = Phase::sending;
  return {};
}

Result<void> Session::sending() {
  const auto sent = context_.client.send_offsets(offsets_, batch_.membership());
  if (!sent) return forward(sent.error());
  if (*sent == Progress::done) {
    context_.at(Step::offsets_sent);
    phase_ = Phase::committing;
  } else if (context_.stop.expired(context_.clock)) {
    phase_ = Phase::left;  // undecided: the next start applies the rule
  }
  return {};
}

Result<void> Session::committing() {
  const auto committed = context_.client.commit();
  if (!committed) return forward(committed.error());
  if (*committed == Progress::done) {
    context_.at(Step::committed);
    settle();
  } else if (context_.stop.expired(context_.clock)) {
    phase_ = Phase::left;
  }
  return {};
}

void Session::settle() {
  context_.store.settle();
  memory_.counters.add(batch_.counts());
  memory_.in_doubt = Counters{};
  for (const store::SourceRange& range : batch_.ranges()) {
    memory_.suspects.acquit(range.tp, range.end);
    std::erase_if(memory_.skipped, [&](const Position& p) { return p.tp == range.tp && p.offset < range.end; });
  }
  for (auto& [tp, partition] : partitions_) {
    if (partition.range < 0) continue;
    partition.commit_start = false;
    partition.other_log = false;
  }
  clear_batch();
  failures_in_a_row_ = 0;
  made_progress_ = true;
  detail_.clear();
  phase_ = Phase::taking;
  context_.at(Step::settled);
}

void Session::clear_batch() {
  batch_.clear();
  for (auto& [tp, partition] : partitions_) {
    partition.range = -1;
    partition.last_in_chunk = nullptr;
  }
}

void Session::start_abort(const std::string& why) {
  context_.log(LogLevel::warning, "aborting the batch: " + why);
  context_.at(Step::aborting);
  phase_ = Phase::aborting;
}

Result<void> Session::aborting() {
  const auto aborted = context_.client.abort();
  if (!aborted) return forward(aborted.error());
  if (*aborted == Progress::done) {
    context_.at(Step::aborted);
    const auto failures = context_.client.failures();
    if (!failures.empty()) context_.log(LogLevel::warning, "not delivered: " + failures.front().reason);
    memory_.suspects.learn(failures);
    phase_ = Phase::falling;
  } else if (context_.stop.expired(context_.clock)) {
    phase_ = Phase::left;
  }
  return {};
}

/// Cuts the prepared record off and puts the partitions back to where the batch began.
Result<void> Session::falling() {
  if (context_.store.undecided()) {
    if (auto fallen = context_.store.roll_back(); !fallen) return fallen;
  }
  context_.store.drop_staged();
  memory_.in_doubt = Counters{};
  context_.at(Step::rolled_back);
  ++memory_.counters.batches_aborted;
  phase_ = Phase::taking;
  return restore_partitions();
}

Result<void> Session::restore_partitions() {
  std::vector<Position> positions;
  std::vector<TopicPartition> running_again;
  for (auto& [tp, partition] : partitions_) {
    partition.last_in_chunk = nullptr;
    if (partition.range >= 0) {
      partition.state = batch_.state_before(partition);
      // What stopped it, a rejected message further on, will be met again.
      if (partition.other_log) {
        partition.stop(StopCause::gap, partition.reason);
        partition.gap_to_settle = true;
      } else if (partition.cause == StopCause::rejected) {
        partition.run_again();
        running_again.push_back(tp);
      }
    }
    // Messages of the failed chunk may have been handed out for a partition that the batch does not hold.
    if (partition.running()) positions.push_back({tp, partition.fetch_from()});
  }
  clear_batch();
  if (!assigned_) {
    // The group may have moved on meanwhile, and says so only to a member that has answered.
    if (auto answered = context_.client.assign({}); !answered) return answered;
    return back_off("the start offsets could not be committed");
  }
  if (rebalance_) return {};
  if (auto rewound = context_.client.rewind(positions); !rewound) return rewound;
  if (failures_in_a_row_ > 1) return back_off(detail_);
  return running_again.empty() ? Result<void>{} : context_.client.resume(running_again);
}

}  // namespace firstseen::dedup
