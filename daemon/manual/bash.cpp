#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>

#include "base/advice.h"
#include "manual/completion.h"
#include "manual/shell_words.h"

namespace firstseen::manual {
namespace {

/// COMP_WORDS is cut at '=', too: --option=value comes as three words.
constexpr const char* head = R"(# bash completion for {0}, made from the program's own command line. Do not edit.

_{0}() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}} command={0} behind='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ ${{COMP_WORDS[i]}} == -- ]]; then
      behind=1
      break
    fi
    case "$command ${{COMP_WORDS[i]}}" in
      {1}) command+=" ${{COMP_WORDS[i]}}" ;;
    esac
  done
  if [[ $word == '=' ]]; then
    word=''
  elif [[ $before == '=' ]]; then
    before=${{COMP_WORDS[COMP_CWORD - 2]}}
  fi
  COMPREPLY=()
)";

/// The program that stands behind "--" is completed as a command line of its own where bash-completion is there.
constexpr const char* behind_part = R"(  if [[ $behind ]]; then
    case $command in
      {})
        if declare -F _command_offset >/dev/null; then
          _command_offset $((i + 1))
        else
          mapfile -t COMPREPLY < <(compgen -c -- "$word")
        fi
        return
        ;;
    esac
  fi
)";

constexpr const char* tail = R"(  if [[ $word == -* && ! $behind ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
  elif [[ $commands ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$word")
  elif [[ $files ]]; then
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
  fi
}}

complete -F _{0} {0}
)";

/// What completes an option's value; a text has nothing to offer.
std::string action(const Value& value) {
  switch (value.takes) {
    case Takes::choice:
      return fmt::format("mapfile -t COMPREPLY < <(compgen -W {} -- \"$word\")",
                         shell_quoted(fmt::format("{}", fmt::join(value.choices, " "))));
    case Takes::file:
      return "compopt -o filenames 2>/dev/null\n      mapfile -t COMPREPLY < <(compgen -f -- \"$word\")";
    case Takes::directory:
      return "compopt -o filenames 2>/dev/null\n      mapfile -t COMPREPLY < <(compgen -d -- \"$word\")";
    case Takes::text:
    case Takes::nothing:
      break;
  }
  return ":";
}

/// The options that take a value: the word before decides. One case for all that are completed alike.
std::string values(const Command& program) {
  std::map<std::string, std::string> patterns;
  for (const Command* command : flatten(program)) {
    for (const Option* option : all_options(*command)) {
      if (option->value.takes == Takes::nothing) continue;
      std::string& alike = patterns[action(option->value)];
      for (const std::string& name : option->names) {
        alike += (alike.empty() ? "" : " | \\\n      ") + shell_quoted(command->name + " " + name);
      }
    }
  }
  std::string cases;
  for (const auto& [done, alike] : patterns)
    cases += fmt::format("    {})\n      {}\n      return\n      ;;\n", alike, done);
  return fmt::format("  [[ $behind ]] || case \"$command $before\" in\n{}  esac\n", cases);
}

std::string commands(const Command& program) {
  std::string cases;
  for (const Command* command : flatten(program)) {
    std::string options;
    for (const Option* option : all_options(*command)) {
      options += fmt::format("{}{}", options.empty() ? "" : " ", fmt::join(option->names, " "));
    }
    bool files = false;
    for (const Argument& argument : command->arguments) files = files || argument.value.takes == Takes::file;
    cases += fmt::format("    {})\n      options={}\n      commands={}\n      files={}\n      ;;\n",
                         shell_quoted(command->name), shell_quoted(options), shell_quoted(names_below(*command)),
                         files ? "1" : "");
  }
  return fmt::format("  local options='' commands='' files=''\n  case $command in\n{}  esac\n", cases);
}

std::string behind(const Command& program) {
  std::string patterns;
  for (const Command* command : flatten(program)) {
    if (!command->behind.empty()) patterns += (patterns.empty() ? "" : " | ") + shell_quoted(command->name);
  }
  return patterns.empty() ? "" : fmt::format(behind_part, patterns);
}

}  // namespace

std::string bash_completion(const Command& program) {
  return fmt::format(head, program.name, command_patterns(program)) + behind(program) + values(program) +
         commands(program) + fmt::format(tail, program.name);
}

}  // namespace firstseen::manual
