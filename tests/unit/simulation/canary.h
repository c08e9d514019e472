#pragma once

#include <string_view>
#include <vector>

#include "host.h"

namespace firstseen::simulation {

/// Parts of the oracle's violations, one for each way to break a promise.
namespace violation {
inline constexpr std::string_view lost = "): lost: ";
inline constexpr std::string_view twice = "): published although message ";
inline constexpr std::string_view changed = " was changed";
inline constexpr std::string_view of_no_transaction = "which its transaction did not consume";
inline constexpr std::string_view entry_of_another_time = "): its entry has the time ";
}  // namespace violation

/// A deliberate defect between the slot and the world, what it breaks, and how that must show: a run that only gets
/// stuck, or that a check for something else stops, has not found it. The simulation must find every one.
struct Canary {
  std::string_view name;
  std::string_view breaks;
  std::string_view shows;  ///< part of the violation
  Interposers interposers;
};

std::vector<Canary> canaries();
/// Those of them that concern what of the window is covered: expiry, and history that is read again.
std::vector<Canary> coverage_canaries();

}  // namespace firstseen::simulation
