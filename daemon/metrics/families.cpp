#include "metrics/families.h"

#include <prometheus/text_serializer.h>

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

void Family::put(double value, Labels labels) {
  prometheus::ClientMetric sample;
  for (const auto& [name, text] : labels) sample.label.push_back({std::string(name), readable(text)});
  if (family_.type == prometheus::MetricType::Counter) {
    sample.counter.value = value;
  } else {
    sample.gauge.value = value;
  }
  family_.metric.push_back(std::move(sample));
}

std::string to_text(const std::vector<prometheus::MetricFamily>& families) {
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, families);
  return std::move(out).str();
}

}  // namespace firstseen::metrics
