#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"

namespace firstseen::dedup {

/// That no batch settles though there is one, for whoever looks at the slot now and then: it waits for the brokers for
/// longer than they need, or it fails again and again. Another try ends neither; only a batch that settles does, or
/// that nothing is left to be settled.
class Standstill {
 public:
  /// How long the brokers may take to decide a batch.
  static constexpr std::int64_t patience_ms = 10'000;

  explicit Standstill(const Clock& clock) : clock_(clock) {}

  /// A batch waits for the brokers now.
  void wait();
  /// None does. What has lasted for too long goes on to count until it ends.
  void go_on() {
    if (!is_late_) since_ms_ = -1;
  }
  /// A try has failed, so many of them in a row by now. `here`: for a reason on this machine, not for the brokers.
  void fail(int failures, bool here);
  void end();

  [[nodiscard]] bool holds() const { return is_late_ || fails_; }
  [[nodiscard]] bool is_late() const { return is_late_; }
  /// Wall clock; when the wait began.
  [[nodiscard]] std::int64_t since_wall_ms() const { return since_wall_ms_; }

  /// What a person is told of the wait is to be worded: once it is too long, after a failure, and once a minute,
  /// since every new wording is a new line of the log.
  [[nodiscard]] bool wants_words() const;
  void say(std::string words);
  [[nodiscard]] const std::string& words() const { return words_; }

 private:
  const Clock& clock_;
  std::int64_t since_ms_ = -1;  ///< steady; -1: no batch waits
  std::int64_t since_wall_ms_ = -1;
  std::int64_t said_at_ms_ = -1;  ///< steady; -1: the words are out of date
  bool is_late_ = false;
  bool fails_ = false;
  std::string words_;
};

}  // namespace firstseen::dedup
