#pragma once

#include <string>
#include <string_view>

#include "board.h"

namespace firstseen::page {

/// How things are, in one word, and why.
struct Verdict {
  enum class Mood { good, busy, bad } mood = Mood::good;
  std::string_view word;  ///< starting, stopping, stuck, unready, stopped, shortened, behind, healthy
  std::string reason;
};

/// Lags up to this are what a busy stream always has.
inline constexpr std::int64_t usual_lag = 10'000;

/// The worst that is the case.
Verdict verdict_of(const Picture& picture);

}  // namespace firstseen::page
