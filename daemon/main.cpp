#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdio>
#include <exception>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "commands.h"
#include "exec_command.h"
#include "output.h"
#include "plan_command.h"
#include "signals.h"
#include "standard_descriptors.h"
#include "top_command.h"
#include "version.h"

namespace firstseen {
namespace {

constexpr const char* footer =
    "Exit status: 0 done, 64 usage, 65 bad data, 69 unavailable, 70 internal, 74 I/O, 75 try again, 78 configuration.\n"
    "'firstseen COMMAND --help' explains a command.";

/// The subcommand that the command line got into before it failed: its help is the one to point at.
const CLI::App& deepest_command(const CLI::App& program) {
  const CLI::App* app = &program;
  while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
  return *app;
}

std::string full_name(const CLI::App& command) {
  const CLI::App* parent = command.get_parent();
  return (parent == nullptr ? "" : full_name(*parent) + " ") + command.get_name();
}

/// What is missing is an argument where it may be one, not the option that means the same.
std::string in_words(const CLI::App& command, const CLI::ParseError& error) {
  if (error.get_exit_code() != static_cast<int>(CLI::ExitCodes::RequiredError)) return error.what();
  for (const CLI::Option* option : command.get_options()) {
    const bool also_argument = option->get_positional() && option->nonpositional();
    if (also_argument && error.what() == option->get_name() + " is required") {
      return option->get_type_name() + " is required";
    }
  }
  return error.what();
}

Exit usage_error(const CLI::App& program, const CLI::ParseError& error) {
  const auto unknown = program.get_subcommands().empty() ? program.remaining() : std::vector<std::string>{};
  const CLI::App& deepest = deepest_command(program);
  const std::string what = unknown.empty() ? in_words(deepest, error) : "there is no command '" + unknown.front() + "'";
  const std::string command = full_name(deepest);
  const char* hint = command == "firstseen exec" ? "The command to run stands behind --. " : "";
  fmt::print(stderr, "firstseen: {}\n{}See '{} --help'.\n", what, hint, command);
  return Exit::usage;
}

Exit run_program(int argc, char** argv) {
  CLI::App program("Removes duplicates from Kafka topics, exactly once.", "firstseen");
  program.require_subcommand(1);
  program.set_version_flag("--version", version_line(), "Print the version and leave");
  program.footer(footer);
  Chosen chosen;
  auto command = take_command(argc, argv);
  for (const auto add : {add_run, add_demo, add_validate, add_explain, add_filter, add_ingest, add_plan, add_status,
                         add_top, add_skip, add_pause, add_resume, add_reload, add_store, add_version, add_manual}) {
    add(program, chosen);
  }
  add_exec(program, chosen, std::move(command));
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) return usage_error(program, error);
    std::ostringstream text;  // --help, --version
    static_cast<void>(program.exit(error, text, text));
    return print(text.str());
  }
  return chosen();
}

}  // namespace
}  // namespace firstseen

int main(int argc, char** argv) {
  if (!firstseen::open_standard_descriptors()) return static_cast<int>(firstseen::Exit::io);
  // Before anything else, so that a daemon that is stopped while it starts stops cleanly, too.
  if (argc > 1 && std::string_view(argv[1]) == "run") firstseen::block_signals();
  try {
    return static_cast<int>(firstseen::run_program(argc, argv));
  } catch (const std::exception& error) {
    static_cast<void>(std::fprintf(stderr, "firstseen: internal error: %s\n", error.what()));
    return static_cast<int>(firstseen::Exit::internal);
  }
}
