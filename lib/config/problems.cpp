#include "config/problems.h"

#include <fmt/format.h>

#include <map>

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
  std::multimap<Place, const Problem*> by_place;  // problems of one place stay in the order in which they were found
  for (const Problem& p : problems_) by_place.emplace(p.place, &p);
  std::vector<std::string> lines;
  lines.reserve(by_place.size());
  for (const auto& [place, problem] : by_place) {
    const Problem& p = *problem;
    const std::string where = place.line > 0 ? fmt::format("{}:{}:{}", file_, place.line, place.column) : file_;
    lines.push_back(p.path.empty() ? fmt::format("{}: {}", where, p.message)
                                   : fmt::format("{}: {}: {}", where, p.path, p.message));
  }
  return lines;
}

}  // namespace firstseen::config
