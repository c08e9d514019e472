#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.h"

namespace firstseen::config {

/// A place in the file, counted from 1; 0: the file as a whole.
struct Place {
  int line = 0;
  int column = 0;

  auto operator<=>(const Place&) const = default;
};

/// Collects what is wrong with a file, each with its place.
class Problems {
 public:
  explicit Problems(std::string file) : file_(std::move(file)) {}

  /// Remembers where an option's value stands ("key.fields[2]", "kafka.properties.linger.ms").
  void note_place(const std::string& path, Place place) { places_.insert_or_assign(path, place); }
  /// Something is wrong with an option; the place is its value's, or that of the nearest section that the file has.
  void add(const std::string& path, const std::string& message) { add_at(place_of(path), path, message); }
  void add_at(Place place, const std::string& path, const std::string& message);
  /// As add(), with a message of somebody who may have quoted the scalar's value: one that ${...} put together is not
  /// shown, its text in the file is.
  void add_quoted(const Settings& settings, const std::string& path, const std::string& message);

  /// "FILE:LINE:COLUMN", or the file alone.
  [[nodiscard]] std::string where(Place place) const;

  /// The same file and places, no problems yet; what is reported here is known there.
  [[nodiscard]] Problems same_file() const;
  /// Whether something is wrong with this very option, here or where this came from.
  [[nodiscard]] bool reports(std::string_view path) const;
  /// Which of another's problems would only follow from those that were known to it, see same_file().
  enum class Unless {
    option_reported,   ///< of the same option, of a part of it or of what it is a part of
    rule_reported,     ///< of any option of the same rule; elsewhere of the same section
    section_reported,  ///< of any option of the same section
  };
  void merge(const Problems& other, Unless unless);

  [[nodiscard]] bool empty() const { return problems_.empty(); }
  [[nodiscard]] std::size_t size() const { return problems_.size(); }
  /// One line each (line ends within a message are spelt out), in the order of the file: "FILE:LINE:COLUMN: OPTION:
  /// MESSAGE".
  [[nodiscard]] std::vector<std::string> lines() const;

 private:
  struct Problem {
    Place place;
    std::string path;
    std::string message;
  };
  [[nodiscard]] Place place_of(std::string_view path) const;

  std::string file_;
  std::map<std::string, Place, std::less<>> places_;
  std::vector<Problem> problems_;
  std::vector<std::string> known_;  ///< the options of the problems of another, from which this came
};

}  // namespace firstseen::config
