#pragma once

#include <string>

#include "manual/command_tree.h"

namespace firstseen::manual {

// Completion of the whole program for one shell each: commands, options, the choices that an option has, files and
// directories. They are complete files, to be put where the shell looks for them.

std::string bash_completion(const Command& program);
std::string zsh_completion(const Command& program);
std::string fish_completion(const Command& program);

}  // namespace firstseen::manual
