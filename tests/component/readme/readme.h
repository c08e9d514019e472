#pragma once

#include <string>
#include <vector>

namespace firstseen::test {

/// README.md of the source tree.
const std::string& readme();

/// A text in which every time of day is this one, as two runs can be compared.
std::string at_nobodys_time(const std::string& text);

struct Step {
  std::string command;
  std::string output;
};

/// A ```console block: commands behind "$ " and what stands below each.
using Session = std::vector<Step>;
std::vector<Session> sessions();

/// The first block of a language (```yaml, ...) below a line.
std::string block_below(const std::string& line, const std::string& language);

/// What a shell command prints (stdout and stderr), run in a directory, where `firstseen` is the program and its state.
std::string shell(const std::string& command, const std::string& directory);

}  // namespace firstseen::test
