#include "metrics/families.h"

#include <prometheus/text_serializer.h>

#include <limits>
#include <sstream>

#include "config/utf8.h"

namespace firstseen::metrics {
namespace {

std::string readable(std::string_view text) {
  std::string made;
  while (true) {
    const std::size_t valid = config::valid_utf8_prefix(text);
    made += text.substr(0, valid);
    if (valid == text.size()) return made;
    made += "\xef\xbf\xbd";  // U+FFFD, the replacement character
    text.remove_prefix(valid + 1);
  }
}

}  // namespace

Family::Family(std::string name, std::string help, prometheus::MetricType type) {
  family_.name = std::move(name);
  family_.help = std::move(help);
  family_.type = type;
}

prometheus::ClientMetric& Family::sample(Labels labels) {
  prometheus::ClientMetric& made = family_.metric.emplace_back();
  for (const auto& [name, text] : labels) made.label.push_back({std::string(name), readable(text)});
  return made;
}

void Family::put(double value, Labels labels) {
  const bool counts = family_.type == prometheus::MetricType::Counter;
  prometheus::ClientMetric& made = sample(labels);
  (counts ? made.counter.value : made.gauge.value) = value;
}

Family& Family::add(const Histogram& histogram, Labels labels) {
  prometheus::ClientMetric::Histogram& made = sample(labels).histogram;
  std::uint64_t so_far = 0;
  for (std::size_t i = 0; i < histogram.bounds().size(); ++i) {
    so_far += histogram.counts()[i];
    made.bucket.push_back({so_far, histogram.bounds()[i]});
  }
  made.sample_count = histogram.count();
  made.sample_sum = histogram.sum();
  made.bucket.push_back({made.sample_count, std::numeric_limits<double>::infinity()});
  return *this;
}

std::string to_text(const std::vector<prometheus::MetricFamily>& families) {
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, families);
  return std::move(out).str();
}

}  // namespace firstseen::metrics
