#pragma once

#include <cstdint>
#include <map>

#include "base/error.h"
#include "dedup/context.h"
#include "dedup/leaders.h"
#include "dedup/partitions.h"

namespace firstseen::dedup {

/// Keeps the lag of partitions true that are assigned and bring nothing, such as one that has stopped at a rejected
/// message: no fetch tells how long their logs are, so their leaders are asked. One question at a time, and so seldom
/// that the answers take a twentieth of the time at most.
class StandingEnds {
 public:
  StandingEnds(const Context& context, Partitions& partitions, Leaders& leaders)
      : context_(context), partitions_(partitions), leaders_(leaders) {}

  /// Asks about the one that was asked about longest ago, if it is time. Without an answer, be it for want of a right,
  /// its lag is unknown, and nothing else happens. An error: the client is of no use any more.
  Result<void> ask();

 private:
  struct Asked {
    std::int64_t at_ms = -1;    ///< steady; -1: never
    std::int64_t again_ms = 0;  ///< steady; not before
    int unanswered = 0;         ///< times in a row
  };
  Partition* next(std::int64_t now_ms);

  const Context& context_;
  Partitions& partitions_;
  Leaders& leaders_;
  std::map<TopicPartition, Asked> asked_;  ///< of those that bring nothing
  std::int64_t ask_at_ms_ = 0;             ///< steady; nobody is asked before
};

}  // namespace firstseen::dedup
