#include "dedup/measures.h"

#include <algorithm>

namespace firstseen::dedup {

void Measures::settle(const StepTimes& times, const Timestamps& timestamps, std::int64_t now_ms) {
  constexpr double ns_per_second = 1e9;
  constexpr double ms_per_second = 1e3;
  for (std::size_t step = 0; step < steps.size(); ++step) {
    steps[step].observe(static_cast<double>(times.all()[step]) / ns_per_second);
  }
  for (const auto& [timestamp_ms, messages] : timestamps.runs()) {
    const std::int64_t age_ms = std::max<std::int64_t>(0, now_ms - timestamp_ms);  // clocks differ
    latency.observe(static_cast<double>(age_ms) / ms_per_second, messages);
  }
}

}  // namespace firstseen::dedup
