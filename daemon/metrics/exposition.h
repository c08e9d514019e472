#pragma once

#include <prometheus/metric_family.h>

#include <cstddef>
#include <string>
#include <vector>

#include "board.h"

namespace firstseen::metrics {

/// Partitions beyond this many get no series of their own; how many those are is a metric.
inline constexpr std::size_t max_partitions_shown = 1000;

/// Every metric of one picture, and what the process takes now; README.md lists them. All counts of the picture are
/// those of one moment between two batches.
std::vector<prometheus::MetricFamily> families_of(const Picture& picture);

/// The page /metrics.
std::string exposition(const Picture& picture);

}  // namespace firstseen::metrics
