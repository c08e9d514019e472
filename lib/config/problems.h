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

  /// The same file and places, no problems yet.
  [[nodiscard]] Problems same_file() const;
  /// Which of another's problems would only repeat what is known here.
  enum class Unless {
    option_reported,   ///< the same option, a part of it or what it is a part of
    section_reported,  ///< any option of the same section
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
};

}  // namespace firstseen::config
