#pragma once

#include <cstddef>
#include <cstdint>

namespace firstseen::simulation {

/// A seeded generator (splitmix64) whose numbers are the same on every machine and standard library.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31U);
  }
  /// In [0, bound); 0 for a bound of 0.
  std::uint64_t below(std::uint64_t bound) { return bound == 0 ? 0 : next() % bound; }
  /// In [low, high].
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(high - low) + 1));
  }
  /// True with the given chance in a thousand.
  bool chance(int permille) { return static_cast<int>(below(1000)) < permille; }
  /// A generator of its own, so that one part's draws do not shift another's.
  Random fork() { return Random(next()); }

 private:
  std::uint64_t state_;
};

}  // namespace firstseen::simulation
