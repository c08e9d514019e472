// The phases in which the group is answered: revoking, planning, rebuilding, the first commit of new partitions.
#include <fmt/format.h>

#include <utility>

#include "dedup/same_cluster.h"
#include "dedup/session.h"

namespace firstseen::dedup {

using kafka::Progress;

namespace {
/// An election takes seconds at most; what takes longer than this is waited for without holding up other partitions.
constexpr Millis leader_patience{3000};
}  // namespace

Result<void> Session::answer_rebalance() {
  kafka::Rebalance rebalance = std::move(*rebalance_);
  rebalance_.reset();
  ++memory_.counters.rebalances;
  partitions_.clear();
  standstill_.end();
  detail_.clear();
  to_assign_ = false;
  if (rebalance.kind == kafka::Rebalance::Kind::assigned) {
    same_cluster_ = false;
    begin_asking(std::move(rebalance.partitions), leader_patience);
    return {};
  }
  assigned_ = false;
  resume_at_ms_ = -1;
  context_.log(LogLevel::info, fmt::format("{} partitions {}", rebalance.partitions.size(),
                                           rebalance.kind == kafka::Rebalance::Kind::lost ? "lost" : "revoked"));
  return context_.consumer.unassign();
}

Result<void> Session::asking() {
  if (auto followed = follow_hold(); !followed) return followed;
  if (!same_cluster_) {
    const auto checked = check_cluster(context_);
    if (!checked) return forward(checked.error());
    same_cluster_ = *checked == Progress::done;
    if (!same_cluster_) detail_ = no_cluster_id;
    if (same_cluster_ && detail_ == no_cluster_id) detail_.clear();
    if (!same_cluster_ && context_.stop.requested()) phase_ = Phase::left;
    if (!same_cluster_) return phase_ == Phase::left ? Result<void>{} : stay_in_touch();
  }
  const auto asked = assignment_->step();
  if (!asked) return forward(asked.error());
  if (*asked == Progress::again) {
    if (context_.stop.requested()) phase_ = Phase::left;
    return phase_ == Phase::left || assignment_->unanswered().empty() ? Result<void>{} : stay_in_touch();
  }
  std::vector<Rebuild::Task> history;
  for (auto& [tp, plan] : assignment_->plans()) {
    Partition& partition = partitions_.add(tp);
    if (begins_by_itself(partition.cause)) partition.run_again();
    partition.state = plan.state;
    partition.settled = plan.state;
    // One that waits for its output has its start, too: nothing that arrives meanwhile is skipped.
    partition.commit_start = plan.commit_start && (plan.stop == StopCause::none || plan.stop == StopCause::output);
    partition.without_log = plan.without_log;
    partition.verify = plan.verify;
    if (plan.stop != StopCause::none) partition.stop(plan.stop, plan.text);
    if (plan.stop == StopCause::none || plan.missing_history) access_.recall(partition);
    if (plan.missing_history) {
      history.push_back({tp, plan.history_from, plan.start, plan.history_ends_ms, plan.history_is_whole});
    }
    if (!plan.also.empty()) context_.log(LogLevel::warning, plan.also);
    if (plan.text.empty()) continue;
    const bool needs_a_restart = plan.stop != StopCause::none && !begins_by_itself(plan.stop);
    context_.log(needs_a_restart ? LogLevel::error : LogLevel::warning, plan.text);
  }
  assignment_.reset();
  expect_waiting();
  to_assign_ = true;
  phase_ = Phase::taking;
  if (history.empty()) return {};
  rebuild_.emplace(context_, partitions_, access_, std::move(history));
  phase_ = Phase::rebuilding;
  return {};
}

Result<void> Session::rebuilding() {
  if (auto followed = follow_hold(); !followed) return followed;
  if (context_.stop.requested()) {
    context_.store.drop_staged();
    phase_ = Phase::left;
    return {};
  }
  if (hooks_.requests_wait()) hooks_.between();
  const std::uint64_t before = rebuild_->recorded();
  const auto stepped = rebuild_->step(rebalance_);
  if (!stepped) return forward(stepped.error());
  detail_.clear();
  memory_.counters.rebuilt += rebuild_->recorded() - before;
  if (rebalance_ || *stepped == Progress::done) end_rebuild();
  return {};
}

/// All of it is recorded, or the group wants something else.
void Session::end_rebuild() {
  for (auto& [tp, partition] : partitions_) {
    if (partition.mode != PartitionMode::rebuilding) continue;
    if (!rebalance_) partition.settled = partition.state;
    if (begins_by_itself(partition.cause)) {
      partition.stop(partition.cause, partition.reason);  // it goes on to wait
    } else {
      partition.run_again();
    }
  }
  context_.log(LogLevel::info, fmt::format("{} messages of history recorded", rebuild_->recorded()));
  rebuild_.reset();
  phase_ = Phase::taking;
}

/// Commits the start offset of partitions for which the group has none, so that nothing later can skip messages; then
/// lets the client fetch.
Result<void> Session::begin_consuming() {
  for (auto& [tp, partition] : partitions_) {
    if (!partition.commit_start) continue;
    if (auto opened = intake_.advance(partition, partition.state.next_offset); !opened) return opened;
  }
  if (batch_.is_open()) return prepare();

  std::vector<Position> positions;
  std::vector<TopicPartition> held;  // was fetched before, and may go on
  for (const auto& [tp, partition] : partitions_) {
    const bool may_go_on = partition.cause == StopCause::rejected || partition.gap_to_settle;
    if (partition.running() || may_go_on) positions.push_back({tp, partition.fetch_from()});
    if (!partition.running() && may_go_on) held.push_back(tp);
  }
  if (auto assigned = context_.consumer.assign(positions); !assigned) return assigned;
  if (held_) {
    const std::vector<TopicPartition> running = partitions_.running();
    held.insert(held.end(), running.begin(), running.end());
  }
  if (!held.empty()) {
    if (auto paused = context_.consumer.pause(held); !paused) return paused;
  }
  to_assign_ = false;
  assigned_ = true;
  joined_ = true;
  made_progress_ = true;
  context_.log(LogLevel::info, fmt::format("{} partitions assigned", positions.size()));
  context_.at(Step::assigned);
  return {};
}

}  // namespace firstseen::dedup
