#pragma once

#include <string_view>
#include <vector>

#include "host.h"

namespace firstseen::simulation {

/// A deliberate defect between the slot and the world, and what it breaks. The simulation must find every one.
struct Canary {
  std::string_view name;
  std::string_view breaks;
  Interposers interposers;
};

std::vector<Canary> canaries();
/// Those of them that concern what of the window is covered: expiry, and history that is read again.
std::vector<Canary> coverage_canaries();

}  // namespace firstseen::simulation
