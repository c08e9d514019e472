#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

namespace firstseen::manual {

/// What an option or an argument takes, as far as a shell can complete it.
enum class Takes { nothing, text, choice, file, directory };

struct Value {
  Takes takes = Takes::nothing;
  std::string placeholder;           ///< "FILE"; empty when nothing is taken
  std::vector<std::string> choices;  ///< all of them, with Takes::choice
  std::string standard;              ///< the default as text; empty without
};

struct Option {
  std::vector<std::string> names;  ///< with their dashes, the short ones first
  std::string help;
  Value value;
  bool required = false;
  bool repeatable = false;
  bool also_argument = false;  ///< its value may stand without the name, and is among the arguments, too
};

/// What stands on the command line without a name.
struct Argument {
  std::string name;
  std::string help;
  Value value;
  bool required = false;
  bool repeatable = false;
};

/// Options that belong together, with what holds for them: "exactly one of these".
struct Group {
  std::string title;
  std::string rule;
  std::vector<Option> options;
};

/// A command with everything that --help says of it. What CLI11 was told to hide is not in it.
struct Command {
  std::string name;  ///< the whole of it: "firstseen store lookup"
  std::string summary;
  std::string notes;          ///< its own footer; that of the whole program is only the program's
  std::string behind;         ///< what stands behind "--", e.g. "COMMAND ARG..."; empty for most
  std::vector<Group> groups;  ///< first its ungrouped options, if any
  std::vector<Argument> arguments;
  std::vector<Command> commands;
};

Command describe(const CLI::App& program);

/// The command and all below it, the parents first.
std::vector<const Command*> flatten(const Command& command);

/// All options of a command, whatever their group.
std::vector<const Option*> all_options(const Command& command);

/// The last word of a command's name.
std::string last_word(const Command& command);

}  // namespace firstseen::manual
