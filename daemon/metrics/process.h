#pragma once

#include <prometheus/metric_family.h>

#include <vector>

namespace firstseen::metrics {

/// What Prometheus' client libraries tell of every process, under their names: as /proc has it at this moment. A family
/// that cannot be read has no samples.
std::vector<prometheus::MetricFamily> process_families();

}  // namespace firstseen::metrics
