// Partitions that wait for an output topic which can take them.
#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "dedup/back_off.h"
#include "dedup/outputs.h"
#include "dedup/session.h"

namespace firstseen::dedup {

using kafka::Progress;

/// After planning: are there any?
void Session::expect_outputs() {
  const bool waiting = std::any_of(partitions_.begin(), partitions_.end(),
                                   [](const auto& one) { return one.second.cause == StopCause::output; });
  output_retries_ = 0;
  retry_outputs_at_ms_ = waiting ? context_.clock.steady_ms() + back_off_ms(0) : -1;
}

bool Session::output_retry_is_due() const {
  const bool may_begin = assigned_ && !held_ && !backing_off();
  return may_begin && retry_outputs_at_ms_ >= 0 && context_.clock.steady_ms() >= retry_outputs_at_ms_;
}

/// Looks for the outputs again. Those that are there now let their partitions be planned as newly assigned ones; no
/// other partition, whatever holds it, is touched. Returns whether it did something.
Result<bool> Session::retry_outputs() {
  if (!output_retry_is_due()) return false;
  retry_outputs_at_ms_ = context_.clock.steady_ms() + back_off_ms(++output_retries_);
  Outputs outputs(context_);
  std::vector<TopicPartition> ready;
  for (auto& [tp, partition] : partitions_) {
    if (partition.cause != StopCause::output) continue;
    StartFacts facts;
    facts.tp = tp;
    const auto asked = outputs.ask(facts);
    if (!asked) return forward(asked.error());
    if (*asked == Progress::again) continue;
    std::string problem = output_problem(facts, context_.options);
    if (problem.empty()) {
      const auto log = context_.consumer.watermarks(tp);  // planning it waits for them, and all others with it
      if (!log) return forward(log.error());
      if (*log) ready.push_back(tp);
    } else if (problem != partition.reason) {
      context_.log(LogLevel::warning, problem);
      partition.stop(StopCause::output, std::move(problem));
    }
  }
  if (ready.empty()) return true;
  context_.log(LogLevel::info, fmt::format("{} partitions that waited for their output topic begin", ready.size()));
  assignment_.emplace(context_, std::move(ready));
  assigned_ = false;  // the client is told of all partitions anew, and fetches none until then
  for (auto& [tp, partition] : partitions_) partition.forget_end();
  phase_ = Phase::asking;
  return true;
}

}  // namespace firstseen::dedup
