#include "manual/shell_words.h"

#include "base/advice.h"

namespace firstseen::manual {

std::string fish_quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "'";
}

std::string command_patterns(const Command& program) {
  std::string patterns;
  for (const Command* command : flatten(program)) {
    if (command != &program) patterns += (patterns.empty() ? "" : " | ") + shell_quoted(command->name);
  }
  return patterns;
}

std::string names_below(const Command& command) {
  std::string names;
  for (const Command& sub : command.commands) names += (names.empty() ? "" : " ") + last_word(sub);
  return names;
}

}  // namespace firstseen::manual
