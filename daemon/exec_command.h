#pragma once

#include <string>
#include <vector>

#include "commands.h"

namespace firstseen {

/// Takes what follows the first "--" of `firstseen exec` off the command line, since it is the command's and not to be
/// parsed (the parser would also take words such as "[a,b]" apart). Empty when it is another command.
std::vector<std::string> take_command(int& argc, char** argv);

/// Adds `firstseen exec`, which runs `command`.
void add_exec(CLI::App& program, Chosen& chosen, std::vector<std::string> command);

}  // namespace firstseen
