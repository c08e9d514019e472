#pragma once

#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace firstseen::test {

/// Samples of Prometheus' text exposition format by name and labels as they stand there: "a_total{verdict=\"x\"}".
using Samples = std::map<std::string, double, std::less<>>;

/// Throws where a line is not of the format, and where a sample comes twice.
inline Samples read_metrics(std::string_view text) {
  Samples samples;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) throw std::runtime_error("the last line does not end");
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (line.starts_with("# HELP ") || line.starts_with("# TYPE ")) continue;
    const std::size_t space = line.rfind(' ');
    if (line.empty() || line.starts_with('#') || space == std::string_view::npos) {
      throw std::runtime_error("no sample: " + std::string(line));
    }
    std::size_t read = 0;
    const std::string value(line.substr(space + 1));
    const double number = std::stod(value, &read);
    if (read != value.size()) throw std::runtime_error("no number: " + std::string(line));
    if (!samples.emplace(line.substr(0, space), number).second) {
      throw std::runtime_error("comes twice: " + std::string(line));
    }
  }
  return samples;
}

/// The sum of a metric over its labels; nothing: it has no sample.
inline std::optional<double> sum_of(const Samples& samples, std::string_view name) {
  std::optional<double> sum;
  for (const auto& [sample, value] : samples) {
    if (sample == name || sample.starts_with(std::string(name) + "{")) sum = sum.value_or(0) + value;
  }
  return sum;
}

}  // namespace firstseen::test
