#pragma once

#include <cstdint>
#include <vector>

#include "bench/store/workload.h"

namespace firstseen::bench {

/// The exact answers to a workload. Keys are numbers of messages, and none is repeated after Workload::reach(), so a
/// ring of 4 bytes for each of so many numbers knows them all.
class Oracle {
 public:
  explicit Oracle(const Workload& workload);

  /// Is message i to be accepted as the first with its key? To be asked once for each message, in order, from 0 on.
  bool first_seen(std::uint64_t i);

 private:
  /// Of a number that may still be asked for: how long after the message of that number the key was accepted last,
  /// plus 1; 0: never.
  [[nodiscard]] std::uint32_t& accepted(std::uint64_t number) { return accepted_[number % accepted_.size()]; }

  Workload workload_;
  std::vector<std::uint32_t> accepted_;
};

}  // namespace firstseen::bench
