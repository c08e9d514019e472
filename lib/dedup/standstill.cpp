#include "dedup/standstill.h"

#include <utility>

namespace firstseen::dedup {

namespace {
constexpr std::int64_t words_interval_ms = 60'000;
}  // namespace

void Standstill::wait() {
  const std::int64_t now_ms = clock_.steady_ms();
  if (since_ms_ < 0) {
    since_ms_ = now_ms;
    since_wall_ms_ = clock_.wall_ms();
  }
  if (now_ms - since_ms_ > patience_ms) is_late_ = true;
}

void Standstill::fail(int failures, bool here) {
  if (failures > 1 || is_late_) fails_ = true;
  said_at_ms_ = -1;
  if (!here) return;
  is_late_ = false;
  since_ms_ = -1;
}

void Standstill::end() {
  since_ms_ = -1;
  said_at_ms_ = -1;
  is_late_ = false;
  fails_ = false;
  words_.clear();
}

bool Standstill::wants_words() const {
  return is_late_ && (said_at_ms_ < 0 || clock_.steady_ms() - said_at_ms_ >= words_interval_ms);
}

void Standstill::say(std::string words) {
  said_at_ms_ = clock_.steady_ms();
  words_ = std::move(words);
}

}  // namespace firstseen::dedup
