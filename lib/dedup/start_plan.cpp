#include "dedup/start_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/units.h"

namespace firstseen::dedup {
namespace {

/// The checks of a start look at all output topics at once. A running daemon lets partitions without one wait.
constexpr std::string_view no_restart =
    ". Until then every restart of this daemon is refused (status 78), and its other partitions stand still, too";

StartPlan start_at(const StartFacts& facts, std::int64_t offset) {
  StartPlan plan;
  plan.start = offset;
  plan.state = facts.known.value_or(store::PartitionState{});
  plan.state.next_offset = offset;
  return plan;
}

StartPlan stopped(const StartFacts& facts, StopCause cause, std::int64_t at, std::string text) {
  StartPlan plan = start_at(facts, at);
  plan.stop = cause;
  plan.text = std::move(text);
  return plan;
}

/// The position the partition should have is not in its log: stop, or go on with what the log still has.
StartPlan after_gap(const StartFacts& facts, std::int64_t position, const SlotOptions& options) {
  std::string text = outside_the_log(facts.tp, position, facts.log);
  if (options.on_gap == OnGap::stop) return stopped(facts, StopCause::gap, position, std::move(text));
  StartPlan plan = start_at(facts, facts.log.low);
  plan.state.last = {};
  plan.commit_start = true;
  plan.text = text + "; input.on_gap is skip: going on at offset " + std::to_string(facts.log.low);
  return plan;
}

/// The group has no offset for this partition.
StartPlan without_offset(const StartFacts& facts, const SlotOptions& options) {
  if (facts.known) {
    if (!facts.log.has(facts.known->next_offset)) return after_gap(facts, facts.known->next_offset, options);
    StartPlan plan = start_at(facts, facts.known->next_offset);
    plan.commit_start = true;
    plan.verify = facts.known->last;
    plan.text = fmt::format(
        "{}: the group has lost its offset (deleted, or expired by offsets.retention.minutes); resuming "
        "at offset {} from the store",
        to_string(facts.tp), plan.start);
    return plan;
  }
  const bool latest = starts_at_the_end(facts, options);
  StartPlan plan = start_at(facts, latest ? facts.log.high : facts.log.low);
  plan.commit_start = true;
  plan.without_log = latest;
  if (latest && plan.start > 0) plan.state.covered_from_ms = nothing_covered;  // else nothing ever came before
  return plan;
}

/// Of a partition of which the store knows nothing that came before.
std::string covered_from_now_on(const SlotOptions& options) {
  return fmt::format(
      "the window is covered only from now on, and whole again after {} of stream time; until then what repeats an "
      "older key is published",
      format_duration(options.longest_ttl()));
}

std::int64_t recorded(const StartFacts& facts) { return facts.known ? facts.known->next_offset : 0; }

/// The group's offset is beyond what this store has recorded.
bool lacks_history(const StartFacts& facts) { return facts.committed && *facts.committed > recorded(facts); }

std::string not_recorded(const StartFacts& facts, std::int64_t from, std::int64_t until) {
  if (facts.committed_by_firstseen) {
    return fmt::format(
        "{}: this store has not recorded offsets {} to {} (a partition that moved here, a "
        "new volume or a restored backup)",
        to_string(facts.tp), from, until);
  }
  return fmt::format(
      "{}: the group's offset {} was committed by another program or by a person, not by "
      "firstseen: what it skipped, from offset {} on, is NOT in the output unless it was "
      "published before. The group in input.group must be firstseen's alone",
      to_string(facts.tp), until, from);
}

std::string warned(const std::string& what, const SlotOptions& options) {
  return what + "; input.on_missing_history is warn: " + covered_from_now_on(options);
}

/// See lacks_history.
void note_missing_history(StartPlan& plan, const StartFacts& facts, const SlotOptions& options) {
  plan.history_from = facts.known ? std::max(facts.known->next_offset, facts.log.low) : facts.log.low;
  // What open transactions have written nobody has consumed: neither was it published.
  if (plan.history_from >= std::min(plan.start, facts.log.high)) {  // retention has taken it, or there never was any
    if (facts.log.low == 0) return;
    plan.without_log = true;
    plan.state.covered_from_ms = nothing_covered;
    plan.text = fmt::format(
        "{}: this store has not recorded what was consumed before offset {}, and the input's log no longer has it: {}. "
        "Keep the input's messages (retention.ms) for longer than the window",
        to_string(facts.tp), plan.start, covered_from_now_on(options));
    return;
  }
  const std::string what = not_recorded(facts, plan.history_from, plan.start);
  switch (options.on_missing_history) {
    case OnMissingHistory::rebuild:
      plan.missing_history = true;
      plan.text = what + "; reading them again as far as the window reaches";
      return;
    case OnMissingHistory::warn:
      plan.state.covered_from_ms = nothing_covered;
      plan.text = warned(what, options);
      return;
    case OnMissingHistory::stop:
      plan.stop = StopCause::history;
      plan.text = fmt::format(
          "{}; set input.on_missing_history to rebuild or warn, or stop firstseen and run `{}`, and "
          "start it again",
          what, options.advice.by_config("store prime"));
      return;
  }
}

}  // namespace

std::string output_problem(const StartFacts& facts, const SlotOptions& options) {
  if (facts.output_partitions == 0) {
    return fmt::format(
        "{}: the output topic {} does not exist; create it (kafka-topics --create --topic {} --partitions {}), and "
        "this partition begins by itself{}",
        to_string(facts.tp), facts.output_topic, facts.output_topic,
        std::max(facts.input_partitions, facts.tp.partition + 1), no_restart);
  }
  const bool fits = facts.output_partitions < 0 || facts.tp.partition < facts.output_partitions;
  if (fits || options.partitioner != Partitioner::same) return {};
  return fmt::format(
      "{}: the output topic {} has only {} partitions and output.partitioner is same; add partitions to it "
      "(kafka-topics --alter --topic {} --partitions {}), and this partition begins by itself, or set "
      "output.partitioner to key and restart{}",
      to_string(facts.tp), facts.output_topic, facts.output_partitions, facts.output_topic, facts.tp.partition + 1,
      no_restart);
}

std::string outside_the_log(const TopicPartition& tp, std::int64_t position, const kafka::Watermarks& log) {
  if (position < log.low) {
    return fmt::format(
        "{}: offset {} is needed but the log begins at {}: {} offsets were removed (retention, DeleteRecords or a "
        "topic made anew) before they were read; set input.on_gap to skip and restart to go on at {}",
        to_string(tp), position, log.low, log.low - position, log.low);
  }
  return fmt::format(
      "{}: offset {} is needed but the log ends at {}: it was truncated or the topic was made anew; set "
      "input.on_gap to skip and restart to go on at the log's beginning, {}",
      to_string(tp), position, log.end(), log.low);
}

namespace {

StartPlan plan_position(const StartFacts& facts, const SlotOptions& options) {
  if (!facts.committed) return without_offset(facts, options);
  if (!facts.log.has(*facts.committed)) return after_gap(facts, *facts.committed, options);
  StartPlan plan = start_at(facts, *facts.committed);
  if (facts.known && facts.known->next_offset == plan.start) {
    plan.verify = facts.known->last;
  } else if (!facts.known || facts.known->next_offset < plan.start) {
    note_missing_history(plan, facts, options);
  } else {
    plan.text = fmt::format(
        "{}: the group's offset {} lies behind what this store has recorded ({}): reading again; messages "
        "within the window will not be published again",
        to_string(facts.tp), plan.start, facts.known->next_offset);
  }
  return plan;
}

}  // namespace

StartPlan plan_without_leader(const StartFacts& facts, const SlotOptions& options, std::string why) {
  StartPlan plan = stopped(facts, StopCause::no_leader, facts.committed.value_or(recorded(facts)), std::move(why));
  if (options.on_missing_history == OnMissingHistory::warn && lacks_history(facts)) {
    plan.state.covered_from_ms = nothing_covered;
    plan.also = warned(not_recorded(facts, recorded(facts), plan.start), options);
  }
  return plan;
}

bool needs_history(const StartFacts& facts, const SlotOptions& options) {
  return options.on_missing_history == OnMissingHistory::rebuild && lacks_history(facts);
}

bool starts_at_the_end(const StartFacts& facts, const SlotOptions& options) {
  return options.start == StartAt::latest && !facts.committed && !facts.known && !facts.group_started_before;
}

StartPlan plan_start(const StartFacts& facts, const SlotOptions& options) {
  StartPlan plan = plan_position(facts, options);
  std::string problem = output_problem(facts, options);
  if (problem.empty()) return plan;
  if (plan.stop == StopCause::none && lacks_history(facts) && facts.log.has(*facts.committed)) {
    plan.also = std::move(plan.text);  // the other partitions begin, and it is their window, too
  }
  plan.stop = StopCause::output;
  plan.text = std::move(problem);
  plan.verify.reset();
  plan.commit_start = plan.commit_start && !facts.committed;  // a gap is decided, and told, when it begins
  return plan;
}

}  // namespace firstseen::dedup
