#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/message.h"
#include "output.h"

namespace firstseen::top {

/// What the daemon said at one moment: its status (daemon/README.md, the control socket).
struct Sample {
  Json status;
  std::int64_t at_ms = 0;  ///< steady clock
};

/// What went by between two samples, per second. Nothing where it cannot be known: of the first sample, and across a
/// restart of the daemon, whose counters begin again.
class Rates {
 public:
  Rates() = default;
  Rates(const Sample& before, const Sample& now);

  /// Of a counter of the status.
  [[nodiscard]] std::optional<double> counter(const std::string& name) const;
  /// Messages that a partition went on.
  [[nodiscard]] std::optional<double> partition(const TopicPartition& tp) const;

 private:
  std::map<std::string, double> counters_;
  std::map<TopicPartition, double> partitions_;
};

/// Of a partition of a status.
TopicPartition name_of_partition(const Json& partition);

}  // namespace firstseen::top
