#include "manual/command_tree.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace firstseen::manual {
namespace {

std::vector<std::string> split(std::string_view text, char mark) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(mark, begin), text.size());
    parts.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

/// CLI11 writes values of several words as "[a,b]".
std::string without_brackets(const std::string& text) {
  const bool bracketed = text.size() >= 2 && text.front() == '[' && text.back() == ']';
  return bracketed ? text.substr(1, text.size() - 2) : text;
}

/// By the name that the option's help has for its value: FILE, DIR, or the choices as "one|two" (option_checks.h).
Value describe_value(const CLI::Option& option, const std::string& name) {
  if (option.get_items_expected_max() == 0) return {};
  Value value;
  value.takes = Takes::text;
  value.placeholder = option.get_type_name();
  value.standard = without_brackets(option.get_default_str());
  if (value.placeholder == "FILE" || name == "FILE" || name == "PATH") value.takes = Takes::file;
  if (value.placeholder == "DIR") value.takes = Takes::directory;
  if (value.placeholder.find('|') != std::string::npos) {
    value.takes = Takes::choice;
    value.choices = split(value.placeholder, '|');
  }
  return value;
}

bool repeatable(const CLI::Option& option) { return option.get_items_expected_max() > 1; }

Option describe_option(const CLI::Option& option) {
  Option described;
  for (const std::string& name : option.get_snames()) described.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) described.names.push_back("--" + name);
  described.help = option.get_description();
  described.value = describe_value(option, "");
  described.required = option.get_required();
  described.repeatable = repeatable(option);
  described.also_argument = option.get_positional();
  return described;
}

Argument describe_argument(const CLI::Option& option) {
  const std::string name = option.get_name(true);
  return {.name = name,
          .help = option.get_description(),
          .value = describe_value(option, name),
          .required = option.get_required(),
          .repeatable = repeatable(option)};
}

bool shown(const CLI::App& app) { return !app.get_group().empty(); }
bool is_group(const CLI::App& app) { return app.get_name().empty(); }

std::vector<const CLI::App*> below(const CLI::App& app, bool groups) {
  return app.get_subcommands([groups](const CLI::App* sub) { return shown(*sub) && is_group(*sub) == groups; });
}

std::vector<const CLI::Option*> shown_options(const CLI::App& app) {
  // A group has its command's --help again.
  const CLI::Option* again = is_group(app) ? app.get_help_ptr() : nullptr;
  return app.get_options(
      [again](const CLI::Option* option) { return option != again && !option->get_group().empty(); });
}

Group describe_group(const CLI::App& app) {
  Group group;
  for (const CLI::Option* option : shown_options(app)) {
    if (option->nonpositional()) group.options.push_back(describe_option(*option));
  }
  if (!is_group(app)) return group;
  group.title = app.get_description();
  const std::size_t least = app.get_require_option_min();
  const std::size_t most = app.get_require_option_max();
  if (most == 1) group.rule = least == 1 ? "exactly one of these" : "at most one of these";
  return group;
}

/// The words that a summary shows behind " -- ".
std::string behind_the_mark(const std::string& summary) {
  constexpr std::string_view mark = " -- ";
  const std::size_t at = summary.find(mark);
  return at == std::string::npos ? "" : summary.substr(at + mark.size());
}

Command describe_command(const CLI::App& app, const std::string& parent, const std::string& inherited) {
  Command command;
  command.name = parent.empty() ? app.get_name() : parent + " " + app.get_name();
  command.summary = app.get_description();
  command.behind = behind_the_mark(command.summary);
  const std::string footer = app.get_footer();
  if (footer != inherited) command.notes = footer;
  if (Group own = describe_group(app); !own.options.empty()) command.groups.push_back(std::move(own));
  for (const CLI::App* group : below(app, true)) command.groups.push_back(describe_group(*group));
  for (const CLI::Option* option : shown_options(app)) {
    if (option->get_positional()) command.arguments.push_back(describe_argument(*option));
  }
  for (const CLI::App* sub : below(app, false)) {
    command.commands.push_back(describe_command(*sub, command.name, footer));
  }
  return command;
}

}  // namespace

Command describe(const CLI::App& program) { return describe_command(program, "", ""); }

std::vector<const Command*> flatten(const Command& command) {
  std::vector<const Command*> all{&command};
  for (const Command& sub : command.commands) {
    const auto more = flatten(sub);
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

std::vector<const Option*> all_options(const Command& command) {
  std::vector<const Option*> all;
  for (const Group& group : command.groups) {
    for (const Option& option : group.options) all.push_back(&option);
  }
  return all;
}

std::string last_word(const Command& command) { return command.name.substr(command.name.rfind(' ') + 1); }

}  // namespace firstseen::manual
