#include "dedup/assignment.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "dedup/metadata.h"

namespace firstseen::dedup {

using kafka::Progress;

Assignment::Assignment(const Context& context, std::vector<TopicPartition> partitions)
    : context_(context), partitions_(std::move(partitions)), outputs_(context) {}

Result<Progress> Assignment::step() {
  if (!committed_) {
    const auto asked = ask_committed();
    if (!asked || *asked == Progress::again) return asked;
  }
  while (plans_.size() < partitions_.size() || history_) {
    const auto planned = history_ ? find_history(plans_.back()) : plan_next();
    if (!planned || *planned == Progress::again) return planned;
  }
  return Progress::done;
}

Result<Progress> Assignment::ask_committed() {
  auto committed = context_.consumer.committed(partitions_);
  if (!committed) return forward(committed.error());
  if (!*committed) return Progress::again;
  committed_ = std::move(**committed);
  return Progress::done;
}

Result<Progress> Assignment::plan_next() {
  StartFacts facts;
  facts.tp = partitions_[plans_.size()];
  for (const kafka::Committed& c : *committed_) {
    if (c.tp != facts.tp) continue;
    facts.committed = c.offset;
    facts.committed_by_firstseen = !c.offset || is_commit_metadata(c.metadata);
  }
  if (const auto known = context_.store.partitions().find(facts.tp); known != context_.store.partitions().end()) {
    facts.known = known->second;
  }
  const auto log = context_.consumer.watermarks(facts.tp);
  if (!log) return forward(log.error());
  if (!*log) return Progress::again;
  facts.log = **log;
  if (const auto asked = outputs_.ask(facts); !asked || *asked == Progress::again) return asked;
  if (const auto asked = ask_started_before(facts); !asked || *asked == Progress::again) return asked;

  StartPlan plan = plan_start(facts, context_.options);
  if (plan.verify && (plan.verify->offset < facts.log.low || plan.verify->offset >= plan.start)) plan.verify.reset();
  if (plan.missing_history)
    history_.emplace(context_.consumer, context_.options, context_.clock, facts.tp, plan.history_from, plan.start);
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
