#pragma once

#include "commands.h"

namespace firstseen {

/// Adds `firstseen top`, which shows a daemon live.
void add_top(CLI::App& program, Chosen& chosen);

}  // namespace firstseen
