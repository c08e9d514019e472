#pragma once

#include <string>
#include <string_view>

#include "manual/command_tree.h"

namespace firstseen::manual {

/// The text as one word of fish, whose single quotes know two escapes.
std::string fish_quoted(std::string_view text);

/// The names of all commands below this one as patterns of `case`: 'firstseen run' | 'firstseen store' | ...
std::string command_patterns(const Command& program);

/// The names of the commands right below, separated by blanks.
std::string names_below(const Command& command);

}  // namespace firstseen::manual
