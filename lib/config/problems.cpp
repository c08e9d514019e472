#include "config/problems.h"

#include <fmt/format.h>

#include <algorithm>

namespace firstseen::config {

Place Problems::place_of(std::string_view path) const {
  while (!path.empty()) {
    if (const auto at = places_.find(path); at != places_.end()) return at->second;
    const std::size_t end = path.find_last_of(".[");
    path = end == std::string_view::npos ? std::string_view{} : path.substr(0, end);
  }
  return {};
}

void Problems::add_at(Place place, const std::string& path, const std::string& message) {
  problems_.push_back({place, path, message});
}

std::vector<std::string> Problems::lines() const {
  std::vector<Problem> sorted = problems_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Problem& a, const Problem& b) { return a.place < b.place; });
  std::vector<std::string> lines;
  lines.reserve(sorted.size());
  for (const Problem& p : sorted) {
    const std::string where = p.place.line > 0 ? fmt::format("{}:{}:{}", file_, p.place.line, p.place.column) : file_;
    lines.push_back(p.path.empty() ? fmt::format("{}: {}", where, p.message)
                                   : fmt::format("{}: {}: {}", where, p.path, p.message));
  }
  return lines;
}

}  // namespace firstseen::config
