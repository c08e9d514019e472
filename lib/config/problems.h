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
  /// Options contradict each other, as far as all of these are known: see doubts(). The place is the first one's.
  void add_together(const std::vector<std::string>& options, const std::string& message);
  /// As add(), with a message of somebody who may have quoted the scalar's value: one that ${...} put together is not
  /// shown, its text in the file is.
  void add_quoted(const Settings& settings, const std::string& path, const std::string& message);

  /// What the file says of an option cannot be known here, and that is no problem: what may follow from it is none.
  void leave_out(const std::string& path) { left_out_.push_back(path); }
  /// An unknown name may be a misspelt `path`.
  void note_meant(const std::string& path) { meant_.push_back(path); }

  /// "FILE:LINE:COLUMN", or the file alone.
  [[nodiscard]] std::string where(Place place) const;

  /// The same file and places, no problems yet; what is reported here is known there.
  [[nodiscard]] Problems same_file() const;
  /// Whether something is wrong with this very option, here or where this came from.
  [[nodiscard]] bool reports(std::string_view path) const;
  /// Whether what the file wants of an option is unknown, so that the settings hold its default: something is wrong
  /// with it, or with what it is a part of, where this came from; or it is missing and a misspelt name may mean it.
  [[nodiscard]] bool doubts(std::string_view path) const;
  /// Takes another's problems, but for those that may only follow from what was known to it, see same_file(): of
  /// options that it doubts, or, unless add_together() added them, of one with a part that is reported.
  void merge(const Problems& other);

  [[nodiscard]] bool empty() const { return problems_.empty(); }
  [[nodiscard]] std::size_t size() const { return problems_.size(); }
  /// One line each (control characters are spelt out), in the order of the file: "FILE:LINE:COLUMN: OPTION:
  /// MESSAGE".
  [[nodiscard]] std::vector<std::string> lines() const;

 private:
  struct Problem {
    Place place;
    std::string path;
    std::string message;
    std::vector<std::string> together;  ///< the options that contradict each other; empty: `path` is wrong by itself
  };
  [[nodiscard]] bool follows(const Problem& problem) const;
  [[nodiscard]] Place place_of(std::string_view path) const;

  std::string file_;
  std::map<std::string, Place, std::less<>> places_;
  std::vector<Problem> problems_;
  std::vector<std::string> known_;  ///< the options of the problems of another, from which this came
  std::vector<std::string> left_out_;
  std::vector<std::string> meant_;  ///< what misspelt names may mean
};

}  // namespace firstseen::config
