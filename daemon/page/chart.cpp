#include "page/chart.h"

#include <fmt/format.h>

#include <algorithm>

#include "page/html.h"

namespace firstseen::page {
namespace {

constexpr std::size_t width = Recent::samples_kept - 1;  // one unit per span
constexpr double height = 100;

template <class Value>
Series spans(const std::vector<Sample>& samples, Value value) {
  Series series;
  for (std::size_t i = 1; i < samples.size(); ++i) series.push_back(value(samples[i - 1], samples[i]));
  return series;
}

double largest(const Series& series) {
  double found = 0;
  for (const auto& value : series) found = std::max(found, value.value_or(0));
  return found;
}

/// A line for each run of values that are there.
std::string lines(const Series& series, double top) {
  std::string svg;
  std::string points;
  const auto end_line = [&] {
    if (!points.empty()) svg += fmt::format("<polyline points=\"{}\"/>", points);
    points.clear();
  };
  for (std::size_t i = 0; i < series.size(); ++i) {
    if (!series[i]) {
      end_line();
      continue;
    }
    const std::size_t x = width - series.size() + i;
    const double y = top > 0 ? height * (1 - *series[i] / top) : height;
    points += fmt::format("{},{:.1f} {},{:.1f} ", x, y, x + 1, y);
  }
  end_line();
  return svg;
}

}  // namespace

Series rates_of(const std::vector<Sample>& samples) {
  return spans(samples, [](const Sample& from, const Sample& to) -> std::optional<double> {
    if (to.time_ms <= from.time_ms || to.consumed < from.consumed) return std::nullopt;  // the clock was set
    return static_cast<double>(to.consumed - from.consumed) * 1000 / static_cast<double>(to.time_ms - from.time_ms);
  });
}

Series duplicate_shares_of(const std::vector<Sample>& samples) {
  return spans(samples, [](const Sample& from, const Sample& to) -> std::optional<double> {
    if (to.consumed <= from.consumed) return std::nullopt;
    return static_cast<double>(to.duplicates - from.duplicates) * 100 /
           static_cast<double>(to.consumed - from.consumed);
  });
}

Series lags_of(const std::vector<Sample>& samples) {
  return spans(samples, [](const Sample& /*from*/, const Sample& to) -> std::optional<double> {
    if (to.lag < 0) return std::nullopt;
    return static_cast<double>(to.lag);
  });
}

Series latencies_of(const std::vector<Sample>& samples) {
  return spans(samples, [](const Sample& from, const Sample& to) -> std::optional<double> {
    if (to.timed <= from.timed) return std::nullopt;
    return (to.latency_s - from.latency_s) * 1000 / static_cast<double>(to.timed - from.timed);
  });
}

std::string chart(std::string_view title, std::string_view unit, const Series& series) {
  const double top = largest(series);
  const std::string now = series.empty() || !series.back() ? "-" : fmt::format("{:.0f}", *series.back());
  return fmt::format(
      "<figure><figcaption>{0}: {1} {2}, at most {3:.0f}</figcaption>\n"
      "<svg viewBox=\"0 -2 {4} {5:.0f}\" preserveAspectRatio=\"none\" role=\"img\" "
      "aria-label=\"{0}\">{6}</svg></figure>\n",
      escape(title), now, escape(unit), top, width, height + 4, lines(series, top));
}

}  // namespace firstseen::page
