#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "dedup/context.h"
#include "dedup/history_start.h"
#include "dedup/leaders.h"
#include "dedup/outputs.h"
#include "dedup/start_plan.h"

namespace firstseen::dedup {

/// Gathers the facts about newly assigned partitions from the group, the logs and the store, and plans where each
/// starts. Runs only with no transaction open and no undecided batch.
///
/// A partition whose leader does not answer for `patience` is planned as waiting, so that the others begin: unless its
/// missing history must be read first, or the group starts for the first time, at the end of its log: once another
/// partition has begun, it would be one that has appeared later, and be read from its beginning.
class Assignment {
 public:
  Assignment(const Context& context, Leaders& leaders, std::vector<TopicPartition> partitions, Millis patience);

  /// A few questions to the brokers. done: plans() holds one plan per partition.
  Result<kafka::Progress> step();
  /// What the last step had no answer about, for a person; empty: there is nothing to wait for.
  [[nodiscard]] const std::string& unanswered() const { return unanswered_; }

  struct Planned {
    TopicPartition tp;
    StartPlan plan;
  };
  [[nodiscard]] std::vector<Planned>& plans() { return plans_; }

 private:
  Result<kafka::Progress> ask_committed();
  Result<kafka::Progress> plan_next();
  [[nodiscard]] StartFacts facts_of(const TopicPartition& tp) const;
  Result<kafka::Progress> without_leader(StartFacts& facts);
  Result<kafka::Progress> ask_started_before(StartFacts& facts);
  Result<kafka::Progress> find_history(Planned& planned);
  kafka::Progress no_answer(std::string about);

  const Context& context_;
  Leaders& leaders_;
  std::deque<TopicPartition> open_;  ///< not planned yet
  Millis patience_;
  std::int64_t patient_until_ms_ = 0;  ///< steady; begins with the group's answer
  std::string unanswered_;
  std::optional<std::vector<kafka::Committed>> committed_;
  Outputs outputs_;
  std::map<std::string, bool> started_before_;  ///< by input topic
  std::vector<Planned> plans_;
  std::optional<HistoryStart> history_;
};

}  // namespace firstseen::dedup
