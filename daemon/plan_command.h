#pragma once

#include "commands.h"

namespace firstseen {

/// Adds `firstseen plan`, which tells what a window of keys takes.
void add_plan(CLI::App& program, Chosen& chosen);

}  // namespace firstseen
