#pragma once

#include <cstdint>
#include <vector>

#include "base/error.h"
#include "dedup/context.h"
#include "dedup/partitions.h"

namespace firstseen::dedup {

/// The client tells the end of a log once, and says nothing when the leader no longer answers. So before the sweep goes
/// beyond the stream time of a partition at its end, the client is made to tell that end anew, by fetching from where
/// the partition is. That waits for nobody: a leader that is silent, in whatever way, only leaves the answer out.
class FreshEnds {
 public:
  FreshEnds(const Context& context, Partitions& partitions) : context_(context), partitions_(partitions) {}

  /// Asks for the ends that hold the sweep up, if it is time. Only while the partitions are fetched, and no batch is in
  /// hand.
  Result<void> ask();

 private:
  const Context& context_;
  Partitions& partitions_;
  std::int64_t ask_at_ms_ = 0;  ///< steady; nothing is asked before
};

}  // namespace firstseen::dedup
