#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/advice.h"
#include "manual/completion.h"
#include "manual/shell_words.h"

namespace firstseen::manual {
namespace {

/// _firstseen_store_lookup completes what stands behind `firstseen store lookup`.
std::string function_of(const Command& command) {
  std::string name = "_" + command.name;
  std::replace(name.begin(), name.end(), ' ', '_');
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

/// In a specification of _arguments, brackets end a description and colons a field.
std::string field(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string action(const Value& value) {
  switch (value.takes) {
    case Takes::choice:
      return fmt::format("({})", fmt::join(value.choices, " "));
    case Takes::file:
      return "_files";
    case Takes::directory:
      return "_files -/";
    case Takes::text:
    case Takes::nothing:
      break;
  }
  return " ";  // nothing to offer
}

/// One specification per name. An option that may be given once excludes itself and its other names.
std::string option_lines(const Option& option) {
  const std::string message = option.value.takes == Takes::nothing
                                  ? ""
                                  : fmt::format(":{}:{}", field(option.value.placeholder), action(option.value));
  const std::string exclusive = option.repeatable ? "*" : fmt::format("({})", fmt::join(option.names, " "));
  std::string lines;
  for (const std::string& name : option.names) {
    const bool joined = name.starts_with("--") && !message.empty();  // --name=value as well as --name value
    const std::string spec =
        fmt::format("{}{}{}[{}]{}", exclusive, name, joined ? "=" : "", field(option.help), message);
    lines += fmt::format("    {} \\\n", shell_quoted(spec));
  }
  return lines;
}

std::string argument_lines(const Command& command) {
  std::string lines;
  int place = 0;
  for (const Argument& argument : command.arguments) {
    const std::string where = argument.repeatable ? "*" : std::to_string(++place);
    const std::string optional = argument.required || argument.repeatable ? ":" : "::";
    lines += fmt::format("    {} \\\n",
                         shell_quoted(where + optional + field(argument.name) + ":" + action(argument.value)));
  }
  if (!command.behind.empty())
    lines += fmt::format("    {} \\\n", shell_quoted("*::" + field(command.behind) + ": _normal"));
  return lines;
}

std::string options(const Command& command) {
  std::string lines;
  for (const Option* option : all_options(command)) lines += option_lines(*option);
  return lines;
}

std::string leaf(const Command& command) {
  return fmt::format("{}() {{\n  _arguments -s -S \\\n{}{}    && return 0\n  return 1\n}}\n\n", function_of(command),
                     options(command), argument_lines(command));
}

/// The command itself, or what stands behind it.
std::string branch(const Command& command) {
  std::string described;
  std::string calls;
  for (const Command& sub : command.commands) {
    described += fmt::format("    {}\n", shell_quoted(last_word(sub) + ":" + field(sub.summary)));
    calls += fmt::format("        {}) {} ;;\n", last_word(sub), function_of(sub));
  }
  return fmt::format(
      R"({0}() {{
  local context state state_descr line
  typeset -A opt_args
  local -a below=(
{1}  )
  _arguments -C \
{2}    '1: :->command' \
    '*:: :->behind' \
    && return 0
  case $state in
    command) _describe -t commands command below ;;
    behind)
      case $words[1] in
{3}      esac
      ;;
  esac
}}

)",
      function_of(command), described, options(command), calls);
}

}  // namespace

std::string zsh_completion(const Command& program) {
  std::string script =
      fmt::format("#compdef {}\n# zsh completion for {}, made from the program's own command line. Do not edit.\n\n",
                  program.name, program.name);
  for (const Command* command : flatten(program))
    script += command->commands.empty() ? leaf(*command) : branch(*command);
  // Loaded by compinit, this file is the function's body; read by a person's own script, it defines it.
  return script + fmt::format("if [[ $funcstack[1] == {0} ]]; then\n  {0} \"$@\"\nelse\n  compdef {0} {1}\nfi\n",
                              function_of(program), program.name);
}

}  // namespace firstseen::manual
