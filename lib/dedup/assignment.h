#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "dedup/context.h"
#include "dedup/history_start.h"
#include "dedup/outputs.h"
#include "dedup/start_plan.h"

namespace firstseen::dedup {

/// Gathers the facts about newly assigned partitions from the group, the logs and the store, and plans where each
/// starts. Runs only with no transaction open and no undecided batch.
class Assignment {
 public:
  Assignment(const Context& context, std::vector<TopicPartition> partitions);

  /// A few questions to the broker. done: plans() holds one plan per partition, in their order.
  Result<kafka::Progress> step();

  struct Planned {
    TopicPartition tp;
    StartPlan plan;
  };
  [[nodiscard]] std::vector<Planned>& plans() { return plans_; }

 private:
  Result<kafka::Progress> ask_committed();
  Result<kafka::Progress> plan_next();
  Result<kafka::Progress> ask_started_before(StartFacts& facts);
  Result<kafka::Progress> find_history(Planned& planned);

  const Context& context_;
  std::vector<TopicPartition> partitions_;
  std::optional<std::vector<kafka::Committed>> committed_;
  Outputs outputs_;
  std::map<std::string, bool> started_before_;  ///< by input topic
  std::vector<Planned> plans_;
  std::optional<HistoryStart> history_;
};

}  // namespace firstseen::dedup
