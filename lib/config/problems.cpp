#include "config/problems.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "base/one_line.h"

namespace firstseen::config {
namespace {

/// Whether `path` is `whole` or a part of it ("key.fields[2]" of "key.fields").
bool within(std::string_view path, std::string_view whole) {
  if (!path.starts_with(whole)) return false;
  return path.size() == whole.size() || path[whole.size()] == '.' || path[whole.size()] == '[';
}

}  // namespace

Place Problems::place_of(std::string_view path) const {
  while (!path.empty()) {
    if (const auto at = places_.find(path); at != places_.end()) return at->second;
    const std::size_t end = path.find_last_of(".[");
    path = end == std::string_view::npos ? std::string_view{} : path.substr(0, end);
  }
  return {};
}

Problems Problems::same_file() const {
  Problems fresh(file_);
  fresh.places_ = places_;
  fresh.known_ = known_;
  fresh.meant_ = meant_;
  for (const Problem& problem : problems_) fresh.known_.push_back(problem.path);
  fresh.known_.insert(fresh.known_.end(), left_out_.begin(), left_out_.end());
  return fresh;
}

bool Problems::reports(std::string_view path) const {
  return std::ranges::find(known_, path) != known_.end() ||
         std::ranges::any_of(problems_, [&](const Problem& problem) { return problem.path == path; });
}

bool Problems::doubts(std::string_view path) const {
  const auto missing = [&](const std::string& meant) { return within(path, meant) && !places_.contains(meant); };
  return std::ranges::any_of(known_, [&](const std::string& known) { return within(path, known); }) ||
         std::ranges::any_of(meant_, missing);
}

bool Problems::follows(const Problem& problem) const {
  if (!problem.together.empty()) {
    return std::ranges::any_of(problem.together, [&](const std::string& option) { return doubts(option); });
  }
  return doubts(problem.path) ||
         std::ranges::any_of(known_, [&](const std::string& known) { return within(known, problem.path); });
}

void Problems::merge(const Problems& other) {
  std::ranges::copy_if(other.problems_, std::back_inserter(problems_),
                       [&](const Problem& problem) { return !other.follows(problem); });
}

void Problems::add_at(Place place, const std::string& path, const std::string& message) {
  problems_.push_back({place, path, message, {}});
}

void Problems::add_together(const std::vector<std::string>& options, const std::string& message) {
  problems_.push_back({place_of(options.front()), options.front(), message, options});
}

std::string Problems::where(Place place) const {
  return place.line > 0 ? fmt::format("{}:{}:{}", file_, place.line, place.column) : file_;
}

std::vector<std::string> Problems::lines() const {
  std::multimap<Place, const Problem*> by_place;  // problems of one place stay in the order in which they were found
  for (const Problem& p : problems_) by_place.emplace(p.place, &p);
  std::vector<std::string> lines;
  lines.reserve(by_place.size());
  for (const auto& [place, problem] : by_place) {
    const Problem& p = *problem;
    lines.push_back(on_one_line(p.path.empty() ? fmt::format("{}: {}", where(place), p.message)
                                               : fmt::format("{}: {}: {}", where(place), p.path, p.message)));
  }
  return lines;
}

void Problems::add_quoted(const Settings& settings, const std::string& path, const std::string& message) {
  const std::string reference = settings.reference(path);
  add(path, reference.empty() ? message
                              : fmt::format("'{}' does not expand to a valid value (which is not shown)", reference));
}

}  // namespace firstseen::config
