#include <fmt/format.h>
#include <fmt/ranges.h>

#include "manual/completion.h"
#include "manual/shell_words.h"

namespace firstseen::manual {
namespace {

/// In fish the patterns of a case are separated by blanks.
constexpr const char* head = R"(# fish completion for {0}, made from the program's own command line. Do not edit.

function __{0}_command
    set -l command {0}
    for word in (commandline -opc)[2..]
        switch "$command $word"
            case {1}
                set command "$command $word"
        end
    end
    echo $command
end

function __{0}_is
    test (__{0}_command) = "$argv"
end

complete -c {0} -f
)";

std::string fish_patterns(const Command& program) {
  std::string patterns;
  for (const Command* command : flatten(program)) {
    if (command != &program) patterns += (patterns.empty() ? "" : " ") + fish_quoted(command->name);
  }
  return patterns;
}

std::string value_words(const Value& value) {
  switch (value.takes) {
    case Takes::nothing:
      return "";
    case Takes::choice:
      return fmt::format(" -x -a {}", fish_quoted(fmt::format("{}", fmt::join(value.choices, " "))));
    case Takes::file:
      return " -r -F";
    case Takes::directory:
      return " -x -a '(__fish_complete_directories)'";
    case Takes::text:
      break;
  }
  return " -x";
}

std::string option_line(const std::string& begin, const Option& option) {
  std::string names;
  for (const std::string& name : option.names) {
    names += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  return begin + names + value_words(option.value) + " -d " + fish_quoted(option.help) + "\n";
}

std::string command_lines(const Command& program, const Command& command) {
  const std::string condition = fmt::format("__{}_is {}", program.name, command.name);
  const std::string begin = fmt::format("complete -c {} -n {}", program.name, fish_quoted(condition));
  std::string lines;
  for (const Command& sub : command.commands) {
    lines += fmt::format("{} -a {} -d {}\n", begin, last_word(sub), fish_quoted(sub.summary));
  }
  for (const Option* option : all_options(command)) lines += option_line(begin, *option);
  for (const Argument& argument : command.arguments) {
    if (argument.value.takes == Takes::file) lines += begin + " -F\n";
  }
  if (!command.behind.empty()) {
    const std::string behind = condition + "; and contains -- -- (commandline -opc)";
    const std::string words = "set -l words (commandline -opc) (commandline -ct)";
    const std::string own = "$words[(math 1 + (contains -i -- -- $words))..]";
    lines += fmt::format("complete -c {} -n {} -x -a '({}; __fish_complete_subcommand --commandline {})'\n",
                         program.name, fish_quoted(behind), words, own);
  }
  return lines;
}

}  // namespace

std::string fish_completion(const Command& program) {
  std::string script = fmt::format(head, program.name, fish_patterns(program));
  for (const Command* command : flatten(program)) script += "\n" + command_lines(program, *command);
  return script;
}

}  // namespace firstseen::manual
