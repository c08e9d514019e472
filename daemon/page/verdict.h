#pragma once

#include <string>
#include <string_view>

#include "board.h"

namespace firstseen::page {

/// How things are, in one word, and why.
struct Verdict {
  enum class Mood { good, busy, bad } mood = Mood::good;
  /// starting, stopping, stuck, unready, paused, stopped (a person is needed), waiting (a partition goes on by itself
  /// once its leader, its output topic or a right is there), shortened, behind, spare (ready, and without a partition),
  /// healthy
  std::string_view word;
  std::string reason;
};

/// Lags up to this are what a busy stream always has.
inline constexpr std::int64_t usual_lag = 10'000;

/// The worst that is the case.
///
/// Nothing is healthy that covers less of its window than configured, for whatever reason. A new group that reads its
/// topics from the beginning covers all of it at once, since there is nothing older to know; one that begins at the
/// latest knows nothing of what came before, and is shortened until its window has filled.
Verdict verdict_of(const Picture& picture);

}  // namespace firstseen::page
