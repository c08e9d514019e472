#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace firstseen {

/// Lets one event per subject and interval through and counts those held back, so that an outage makes one log line
/// every few seconds and not thousands.
class RateLimiter {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  explicit RateLimiter(std::chrono::milliseconds interval) : interval_(interval) {}

  /// How many events of this subject were held back since the last one let through; nothing: hold this one back too.
  std::optional<std::uint64_t> admit(const std::string& subject, TimePoint now) {
    const auto [found, is_new] = last_.try_emplace(subject, Last{now, 0});
    if (is_new) return 0;
    Last& last = found->second;
    if (now - last.at < interval_) {
      ++last.held_back;
      return std::nullopt;
    }
    const std::uint64_t held_back = last.held_back;
    last = Last{now, 0};
    return held_back;
  }

  struct HeldBack {
    std::string subject;
    std::uint64_t events;
  };
  /// The subjects whose interval is over and had events held back; their next one begins. Others whose interval is over
  /// are forgotten.
  std::vector<HeldBack> end_intervals(TimePoint now) {
    std::vector<HeldBack> ended;
    for (auto one = last_.begin(); one != last_.end();) {
      auto& [subject, last] = *one;
      const bool over = now - last.at >= interval_;
      if (over && last.held_back == 0) {
        one = last_.erase(one);
        continue;
      }
      if (over) {
        ended.push_back({subject, last.held_back});
        last = Last{now, 0};
      }
      ++one;
    }
    return ended;
  }

 private:
  struct Last {
    TimePoint at;
    std::uint64_t held_back;
  };

  std::chrono::milliseconds interval_;
  std::map<std::string, Last> last_;
};

}  // namespace firstseen
