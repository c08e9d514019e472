// Partitions whose leader, or an output topic that can take them, is waited for.
#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "dedup/back_off.h"
#include "dedup/outputs.h"
#include "dedup/session.h"

namespace firstseen::dedup {

using kafka::Progress;

namespace {
/// How long a step listens to the group while questions have no answer.
constexpr Millis listen_limit{50};
}  // namespace

void Session::begin_asking(std::vector<TopicPartition> partitions, Millis patience) {
  assignment_.emplace(context_, leaders_, std::move(partitions), patience);
  in_touch_ = false;
  phase_ = Phase::asking;
}

/// While questions have no answer: the group is answered, so that it need not wait for this member if it wants
/// something else, and so are other threads' requests. Nothing is fetched.
Result<void> Session::stay_in_touch() {
  if (!in_touch_) {
    if (auto answered = context_.consumer.assign({}); !answered) return answered;
    in_touch_ = true;
  }
  auto taken = context_.consumer.take(1, listen_limit);
  if (!taken) return forward(taken.error());
  rebalance_ = std::move(taken->rebalance);
  if (rebalance_) {
    assignment_.reset();
    phase_ = Phase::taking;
  } else if (hooks_.requests_wait()) {
    hooks_.between();
  }
  return {};
}

/// After planning: are there any?
void Session::expect_waiting() {
  const bool waiting = std::any_of(partitions_.begin(), partitions_.end(),
                                   [](const auto& one) { return begins_by_itself(one.second.cause); });
  waiting_retries_ = 0;
  retry_waiting_at_ms_ = waiting ? context_.clock.steady_ms() + back_off_ms(0) : -1;
}

bool Session::waiting_retry_is_due() const {
  const bool may_begin = assigned_ && !held_ && !backing_off();
  return may_begin && retry_waiting_at_ms_ >= 0 && context_.clock.steady_ms() >= retry_waiting_at_ms_;
}

/// Looks again for what is waited for. Partitions that can begin now are planned as newly assigned ones; no other
/// partition, whatever holds it, is touched. Returns whether it did something.
Result<bool> Session::retry_waiting() {
  if (!waiting_retry_is_due()) return false;
  auto ready = ready_to_begin();
  if (!ready) return forward(ready.error());
  retry_waiting_at_ms_ = context_.clock.steady_ms() + back_off_ms(++waiting_retries_);
  if (ready->empty()) return true;
  context_.log(LogLevel::info,
               fmt::format("{} partitions that waited for their leader or output topic begin", ready->size()));
  // They have just been answered: should that be over again, nobody is held up for them.
  begin_asking(std::move(*ready), Millis{0});
  assigned_ = false;  // the client is told of all partitions anew, and fetches none until then
  for (auto& [tp, partition] : partitions_) partition.forget_end();
  return true;
}

Result<std::vector<TopicPartition>> Session::ready_to_begin() {
  std::vector<Partition*> waiting;
  for (auto& [tp, partition] : partitions_) {
    if (begins_by_itself(partition.cause)) waiting.push_back(&partition);
  }
  if (waiting.empty()) return std::vector<TopicPartition>{};
  // Each time another one first, since of leaders that do not answer only one is waited for.
  const auto turn = static_cast<std::size_t>(waiting_retries_) % waiting.size();
  std::rotate(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(turn), waiting.end());
  bool waited = false;
  Outputs outputs(context_);
  std::vector<TopicPartition> ready;
  for (Partition* partition : waiting) {
    const auto can_be_taken = has_output(*partition, outputs);
    if (!can_be_taken) return forward(can_be_taken.error());
    if (!*can_be_taken || waited) continue;
    const auto log =
        leaders_.watermarks(partition->tp, partition->state.next_offset);  // as planning it asks, for which all wait
    if (!log) return forward(log.error());
    if (*log) {
      ready.push_back(partition->tp);
    } else {
      partition->stop(StopCause::no_leader, leaders_.why_not(partition->tp));
      waited = !leaders_.has_none(partition->tp);
    }
  }
  return ready;
}

/// Whether the output topic is no hindrance any more, if it was what the partition waits for.
Result<bool> Session::has_output(Partition& partition, Outputs& outputs) {
  if (partition.cause != StopCause::output) return true;
  StartFacts facts;
  facts.tp = partition.tp;
  const auto asked = outputs.ask(facts);
  if (!asked) return forward(asked.error());
  if (*asked == Progress::again) return false;
  std::string problem = output_problem(facts, context_.options);
  if (problem.empty()) return true;
  if (problem != partition.reason) {
    context_.log(LogLevel::warning, problem);
    partition.stop(StopCause::output, std::move(problem));
  }
  return false;
}

}  // namespace firstseen::dedup
