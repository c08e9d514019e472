#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "host.h"
#include "world.h"

namespace firstseen::simulation {

/// What a random run did, to know that the runs reach what they are meant to reach.
struct RunSummary {
  std::vector<std::string> violations;
  std::size_t events = 0;
  std::size_t published = 0;
  int starts = 0;
  int kills = 0;
  int volumes_lost = 0;
  int windows_grown = 0;
  int histories_refused = 0;   ///< while they were read again
  int leaders_waited_for = 0;  ///< hosts of which a partition did, while others went on
  int hosts = 0;
  int lost_assignments = 0;
  int handovers = 0;         ///< commits of a partition of which another host made the one before
  int unknown_outcomes = 0;  ///< of commits
  std::array<int, dedup::step_names.size()> steps_seen{};
  std::array<int, dedup::step_names.size()> kills_at{};
};

/// One random run: options, input, faults, crashes and their interleaving all come from the seed.
RunSummary random_run(std::uint64_t seed, const Interposers& interposers, bool trace);

}  // namespace firstseen::simulation
