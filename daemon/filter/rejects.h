#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ingest/record_reader.h"
#include "key/deriver.h"

namespace firstseen::filter {

/// Tells about the lines without a key on stderr: the first of each input one by one, then how many more there were.
class Rejects {
 public:
  void begin_input(const std::string& name) {
    name_ = name;
    of_input_ = 0;
  }
  void add(const ingest::Record& record, const key::Rejection& why);
  /// `likely_format`: what the input may be instead, told if something was rejected; empty: nothing.
  void end_input(std::string_view likely_format) const;
  [[nodiscard]] std::uint64_t total() const { return total_; }

 private:
  static constexpr std::uint64_t told_one_by_one = 10;

  std::string name_;
  std::uint64_t of_input_ = 0;
  std::uint64_t total_ = 0;
};

}  // namespace firstseen::filter
