#pragma once

#include <array>
#include <string_view>

namespace firstseen::dedup {

/// The named steps of a batch at which the crash tests kill the daemon (FIRSTSEEN_CRASH_AT=NAME[:COUNT]) and the
/// simulation crashes it. The name says what has just happened.
enum class Step {
  started,       ///< transactions initialised, the rule applied
  assigned,      ///< partitions assigned, start offsets known
  overlapping,   ///< a batch is begun in hand while the outcome of the one before is not known
  begun,         ///< the transaction is open
  published,     ///< at least one message of the batch is enqueued
  taken,         ///< the batch is complete, nothing prepared
  prepared,      ///< the batch record is in the store
  offsets_sent,  ///< the offsets are in the transaction
  committed,     ///< Kafka has committed, the store has not settled
  settled,       ///< the store knows
  aborting,      ///< about to abort the transaction
  aborted,       ///< the transaction is aborted, the prepared record still there
  rolled_back,   ///< the record is cut off; what was staged behind it is dropped
  rebuilding,    ///< a batch of history is recorded
  stopping,      ///< a graceful stop has begun
};

inline constexpr std::array<std::string_view, 15> step_names{
    "started",   "assigned", "overlapping", "begun",   "published",   "taken",      "prepared", "offsets_sent",
    "committed", "settled",  "aborting",    "aborted", "rolled_back", "rebuilding", "stopping"};

constexpr std::string_view step_name(Step step) { return step_names[static_cast<std::size_t>(step)]; }

/// Called right after each step, by the thread that made it: begun, published, offsets_sent, aborted and (exactly_once)
/// committed by the publishing thread, the others by the taking one.
class StepHook {
 public:
  StepHook() = default;
  StepHook(const StepHook&) = delete;
  StepHook& operator=(const StepHook&) = delete;
  StepHook(StepHook&&) = delete;
  StepHook& operator=(StepHook&&) = delete;
  virtual ~StepHook() = default;
  virtual void at(Step step) = 0;
};

}  // namespace firstseen::dedup
