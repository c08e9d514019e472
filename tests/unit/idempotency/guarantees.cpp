#include "guarantees.h"

#include <thread>
#include <utility>

namespace firstseen::idempotency::test {
namespace {

using Broken = std::optional<std::string>;

struct Scene {
  Scene(Bench::Kind kind, const Wrap& wrap) : bench(kind), store(wrap(bench.store)) {}
  [[nodiscard]] Handler handler(OnAbandoned on_abandoned = OnAbandoned::conflict) const {
    return Handler(store,
                   {.ttl = Millis{1000}, .lease = Millis{1000}, .on_abandoned = on_abandoned, .clock = &bench.clock});
  }
  Bench bench;
  std::shared_ptr<ResultStore> store;
};

Broken an_expired_outcome_is_not_given_again(Bench::Kind kind, const Wrap& wrap) {
  Scene scene(kind, wrap);
  Handler handler = scene.handler();
  int runs = 0;
  const auto operation = [&runs](const Claim&) -> Result<Outcome> { return Outcome::success(std::to_string(++runs)); };
  for (int i = 0; i < 2; ++i) {
    if (!handler.execute(key("a"), operation)) return "the operation could not be run";
    scene.bench.clock.advance(Millis{1000});
  }
  if (runs != 2) return "an expired outcome was taken for a duplicate";
  if (handler.check(key("a"))->state != State::fresh) return "an expired record was found";
  return std::nullopt;
}

Broken one_of_many_concurrent_callers_starts(Bench::Kind kind, const Wrap& wrap) {
  Scene scene(kind, wrap);
  constexpr int threads = 8;
  constexpr int keys = 100;
  std::atomic<int> started = 0;
  std::vector<std::thread> racing;
  racing.reserve(threads);
  for (int i = 0; i < threads; ++i) {
    racing.emplace_back([&] {
      Handler handler = scene.handler();
      for (int k = 0; k < keys; ++k) {
        const auto start = handler.start(key(std::to_string(k)));
        if (start && start->claim) ++started;
        // Waits for the others, so that all of them meet at each key.
        std::this_thread::yield();
      }
      while (started < keys) std::this_thread::yield();
    });
  }
  for (std::thread& thread : racing) thread.join();
  if (started != keys) return std::to_string(started) + " starts of " + std::to_string(keys) + " operations";
  return std::nullopt;
}

Broken a_failed_operation_may_start_at_once(Bench::Kind kind, const Wrap& wrap) {
  Scene scene(kind, wrap);
  Handler handler = scene.handler();
  const auto first = handler.start(key("a"));
  if (!first || !first->claim) return "the operation could not be started";
  if (!handler.fail(*first->claim, Outcome::error("1", "declined"))) return "a failure could not be stored";
  if (handler.check(key("a"))->state != State::fresh) return "a failed operation is not fresh";
  if (!handler.start(key("a"))->claim) return "a failed operation blocks its retry";
  return std::nullopt;
}

Broken completing_what_was_not_started_is_refused(Bench::Kind kind, const Wrap& wrap) {
  Scene scene(kind, wrap);
  Handler handler = scene.handler();
  const Claim claim{.key = key("a"), .token = 1};
  if (handler.complete(claim, Outcome::success("x"))) return "complete() of an unknown key succeeded";
  if (handler.check(key("a"))->state != State::fresh) return "complete() of an unknown key stored something";
  return std::nullopt;
}

Broken a_duplicate_gets_the_outcome(Bench::Kind kind, const Wrap& wrap) {
  Scene scene(kind, wrap);
  Handler handler = scene.handler();
  const auto operation = [](const Claim&) -> Result<Outcome> { return Outcome::success("receipt 42"); };
  if (!handler.execute(key("a"), operation)) return "the operation could not be run";
  const auto again = handler.execute(key("a"), operation);
  if (!again || again->state != State::duplicate) return "the second call was no duplicate";
  if (again->outcome != Outcome::success("receipt 42")) return "the duplicate did not get the outcome";
  return std::nullopt;
}

Broken a_late_holder_is_refused(Bench::Kind kind, const Wrap& wrap) {
  Scene scene(kind, wrap);
  Handler slow = scene.handler(OnAbandoned::retry);
  Handler quick = scene.handler(OnAbandoned::retry);
  const auto old_claim = slow.start(key("a"))->claim;
  scene.bench.clock.advance(Millis{1000});
  const auto new_claim = quick.start(key("a"))->claim;
  if (!old_claim || !new_claim) return "an abandoned operation could not be started again";
  if (slow.complete(*old_claim, Outcome::success("old"))) return "the late holder's outcome was stored";
  if (!quick.complete(*new_claim, Outcome::success("new"))) return "the new holder was refused";
  if (quick.check(key("a"))->record->outcome != Outcome::success("new")) return "the outcome is not the new holder's";
  return std::nullopt;
}

}  // namespace

const std::vector<Guarantee>& guarantees() {
  static const std::vector<Guarantee> all = {
      {"AnExpiredOutcomeIsNotGivenAgain", an_expired_outcome_is_not_given_again},
      {"OneOfManyConcurrentCallersStarts", one_of_many_concurrent_callers_starts},
      {"AFailedOperationMayStartAtOnce", a_failed_operation_may_start_at_once},
      {"CompletingWhatWasNotStartedIsRefused", completing_what_was_not_started_is_refused},
      {"ADuplicateGetsTheOutcome", a_duplicate_gets_the_outcome},
      {"ALateHolderIsRefused", a_late_holder_is_refused},
  };
  return all;
}

}  // namespace firstseen::idempotency::test
