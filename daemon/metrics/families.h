#pragma once

#include <prometheus/metric_family.h>

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/histogram.h"

namespace firstseen::metrics {

using Label = std::pair<std::string_view, std::string_view>;
using Labels = std::initializer_list<Label>;

/// One metric with its samples, in the order in which they are added. Names and help follow Prometheus' naming rules,
/// which a test checks.
class Family {
 public:
  static Family counter(std::string name, std::string help) {
    return {std::move(name), std::move(help), prometheus::MetricType::Counter};
  }
  static Family gauge(std::string name, std::string help) {
    return {std::move(name), std::move(help), prometheus::MetricType::Gauge};
  }

  static Family histogram(std::string name, std::string help) {
    return {std::move(name), std::move(help), prometheus::MetricType::Histogram};
  }

  template <class Number>
    requires std::integral<Number> || std::floating_point<Number>
  Family& add(Number value, Labels labels = {}) {
    put(static_cast<double>(value), labels);
    return *this;
  }

  Family& add(const Histogram& histogram, Labels labels = {});

  [[nodiscard]] prometheus::MetricFamily take() { return std::move(family_); }

 private:
  Family(std::string name, std::string help, prometheus::MetricType type);
  void put(double value, Labels labels);
  prometheus::ClientMetric& sample(Labels labels);

  prometheus::MetricFamily family_;
};

/// The text exposition format, version 0.0.4. Label values that are not UTF-8 are made so, for one bad name would make
/// the whole text unreadable.
std::string to_text(const std::vector<prometheus::MetricFamily>& families);

/// What a page of this text is served as.
inline constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace firstseen::metrics
