#include "dedup/assignment.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "dedup/metadata.h"

namespace firstseen::dedup {

using kafka::Progress;

Assignment::Assignment(const Context& context, Leaders& leaders, std::vector<TopicPartition> partitions,
                       Millis patience)
    : context_(context),
      leaders_(leaders),
      open_(std::make_move_iterator(partitions.begin()), std::make_move_iterator(partitions.end())),
      patience_(patience),
      outputs_(context) {}

Progress Assignment::no_answer(std::string about) {
  unanswered_ = std::move(about);
  return Progress::again;
}

Result<Progress> Assignment::step() {
  unanswered_.clear();
  if (!committed_) {
    const auto asked = ask_committed();
    if (!asked || *asked == Progress::again) return asked;
  }
  while (!open_.empty() || history_) {
    const auto planned = history_ ? find_history(plans_.back()) : plan_next();
    if (!planned || *planned == Progress::again) return planned;
  }
  return Progress::done;
}

Result<Progress> Assignment::ask_committed() {
  auto committed = context_.consumer.committed(std::vector<TopicPartition>(open_.begin(), open_.end()));
  if (!committed) return forward(committed.error());
  if (!*committed) return no_answer("the group's coordinator does not tell the committed offsets; it is asked again");
  committed_ = std::move(**committed);
  patient_until_ms_ = context_.clock.steady_ms() + patience_.count();
  return Progress::done;
}

/// What is known without asking.
StartFacts Assignment::facts_of(const TopicPartition& tp) const {
  StartFacts facts;
  facts.tp = tp;
  for (const kafka::Committed& c : *committed_) {
    if (c.tp != tp) continue;
    facts.committed = c.offset;
    facts.committed_by_firstseen = !c.offset || is_commit_metadata(c.metadata);
  }
  if (const auto known = context_.store.partitions().find(tp); known != context_.store.partitions().end()) {
    facts.known = known->second;
  }
  return facts;
}

/// The first of those that are open; asked again after all others, as long as there is patience.
Result<Progress> Assignment::without_leader(StartFacts& facts) {
  std::string why = leaders_.why_not(facts.tp);
  const bool history_first = needs_history(facts, context_.options);
  if (starts_at_the_end(facts, context_.options)) {  // as far as is known without asking
    auto asked = ask_started_before(facts);
    if (!asked) return asked;
    if (*asked == Progress::again) return no_answer(std::move(why));
  }
  const bool end_first = starts_at_the_end(facts, context_.options);
  open_.pop_front();
  if (!history_first && !end_first && context_.clock.steady_ms() >= patient_until_ms_) {
    plans_.push_back({facts.tp, plan_without_leader(facts, context_.options, why)});
    if (leaders_.has_none(facts.tp)) return Progress::done;  // and no second was spent on it
    return no_answer(std::move(why));
  }
  open_.push_back(facts.tp);
  if (history_first)
    why += "; no partition begins before it, since this store lacks a part of its history, which must be read again";
  if (end_first)
    why +=
        "; no partition begins before it, since this is the group's first start, and with input.start: latest it "
        "begins where its log ends";
  return no_answer(std::move(why));
}

Result<Progress> Assignment::plan_next() {
  StartFacts facts = facts_of(open_.front());
  const auto log = leaders_.watermarks(facts.tp, facts.committed.value_or(facts.known ? facts.known->next_offset : 0));
  if (!log) return forward(log.error());
  if (!*log) return without_leader(facts);
  facts.log = **log;
  auto asked = outputs_.ask(facts);
  if (asked && *asked == Progress::done) asked = ask_started_before(facts);
  if (!asked) return asked;
  if (*asked == Progress::again)
    return no_answer(to_string(facts.tp) + ": no answer yet about its output topic or the group's offsets");
  open_.pop_front();

  StartPlan plan = plan_start(facts, context_.options);
  if (plan.verify && (plan.verify->offset < facts.log.low || plan.verify->offset >= plan.start)) plan.verify.reset();
  if (plan.missing_history)
    history_.emplace(context_.consumer, context_.options, context_.clock, facts.tp, plan.history_from,
                     std::min(plan.start, facts.log.high));
  // Nobody knows what lay before the log's first offset, unless it is the very first or the store has seen it.
  const bool continues = facts.known && facts.known->next_offset == plan.history_from;
  if (plan.missing_history && !continues) plan.state.covered_from_ms = facts.log.low > 0 ? nothing_covered : 0;
  plans_.push_back({facts.tp, std::move(plan)});
  return Progress::done;
}

/// Only asked where it matters: neither the group nor the store knows the partition.
Result<Progress> Assignment::ask_started_before(StartFacts& facts) {
  if (facts.committed || facts.known) return Progress::done;
  auto known = started_before_.find(facts.tp.topic);
  if (known == started_before_.end()) {
    const auto& stored = context_.store.partitions();
    bool started =
        std::any_of(stored.begin(), stored.end(), [&](const auto& p) { return p.first.topic == facts.tp.topic; });
    if (!started) {
      const auto count = context_.consumer.partition_count(facts.tp.topic);
      if (!count) return forward(count.error());
      if (!*count) return Progress::again;
      std::vector<TopicPartition> all;
      all.reserve(static_cast<std::size_t>(**count));
      for (std::int32_t p = 0; p < **count; ++p) all.push_back({facts.tp.topic, p});
      const auto committed = context_.consumer.committed(all);
      if (!committed) return forward(committed.error());
      if (!*committed) return Progress::again;
      started =
          std::any_of((*committed)->begin(), (*committed)->end(), [](const auto& c) { return c.offset.has_value(); });
    }
    known = started_before_.emplace(facts.tp.topic, started).first;
  }
  facts.group_started_before = known->second;
  return Progress::done;
}

Result<Progress> Assignment::find_history(Planned& planned) {
  auto found = history_->step();
  if (found && history_->unanswered())
    return no_answer(to_string(planned.tp) + ": no answer yet about where its missing history begins");
  if (!found || *found == Progress::again) return found;
  planned.plan.history_from = history_->from();
  planned.plan.history_ends_ms = history_->ends_after_ms();
  planned.plan.history_is_whole = history_->covers_window();
  if (history_->covers_window())
    planned.plan.state.covered_from_ms = std::max<std::int64_t>(0, history_->covered_from_ms());
  planned.plan.missing_history = planned.plan.history_from < planned.plan.start;
  history_.reset();
  return Progress::done;
}

}  // namespace firstseen::dedup
