#include "exec_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string_view>
#include <utility>

#include "base/units.h"
#include "exec/guard.h"
#include "operations.h"
#include "option_checks.h"
#include "option_duration.h"
#include "output.h"

namespace firstseen {
namespace {

/// As they stand on the command line.
struct ExecArguments {
  std::string key;
  std::string store;
  std::string ttl = "24h";
  std::string timeout;
  std::string kill_after = "10s";
  std::string lease = "1m";
  std::string wait_at_most;
  std::string max_output = "1MiB";
  std::vector<std::string> retry;
  std::string on_abandoned = "conflict";
  bool wait = false;
};

template <class Place>
Result<void> read_into(Place& place, const char* option, const std::string& text) {
  const auto duration = read_duration(option, text);
  if (!duration) return forward(duration.error());
  place = *duration;
  return {};
}

Result<exec::GuardOptions> read_options(const ExecArguments& arguments, const std::vector<std::string>& command) {
  exec::GuardOptions options;
  if (command.empty()) return fail(Exit::usage, "there is no command to run: firstseen exec --key K -- COMMAND ARG...");
  options.command = command;
  const auto key = idempotency::Key::make(arguments.key);
  if (!key) return fail(Exit::usage, key.error().message);
  options.key = *key;
  auto read = read_into(options.ttl, "--ttl", arguments.ttl);
  if (read) read = read_into(options.lease, "--lease", arguments.lease);
  if (read) read = read_into(options.kill_after, "--kill-after", arguments.kill_after);
  if (read && !arguments.timeout.empty()) read = read_into(options.timeout, "--timeout", arguments.timeout);
  if (arguments.wait) options.wait = exec::forever;
  if (read && !arguments.wait_at_most.empty()) read = read_into(options.wait, "--wait-at-most", arguments.wait_at_most);
  if (!read) return forward(read.error());
  const auto size = parse_size(arguments.max_output);
  if (!size) return fail(Exit::usage, "--max-output: " + size.error().message);
  if (*size > exec::largest_output) {
    return fail(Exit::usage, "--max-output: may be at most " + format_size(exec::largest_output));
  }
  options.keep_bytes = *size;
  for (const std::string& what : arguments.retry) {
    options.retry_timeout = options.retry_timeout || what == "timeout";
    options.retry_signal = options.retry_signal || what == "signal";
    options.retry_failure = options.retry_failure || what == "failure";
  }
  if (arguments.on_abandoned == "retry") options.on_abandoned = idempotency::OnAbandoned::retry;
  return options;
}

int execute(const ExecArguments& arguments, const std::vector<std::string>& command) {
  auto options = read_options(arguments, command);
  if (!options) return static_cast<int>(report(options.error()));
  const auto directory = operations_directory(arguments.store);
  if (!directory) return static_cast<int>(report(directory.error()));
  options->advice.store = *directory;
  auto store = idempotency::open_lmdb_store({.directory = *directory});
  if (!store) return static_cast<int>(report(store.error()));
  const auto status = exec::run_once(std::move(*store), *options);
  return status ? *status : static_cast<int>(report(status.error()));
}

constexpr const char* footer =
    "A duplicate prints what the first run wrote to stdout, then what it wrote to stderr, and returns its exit "
    "status.\n"
    "Exit status: the command's; 124 timeout, 126 and 127 not started, 128+N signal N; 75 in flight, 69 abandoned by "
    "a\n"
    "run that was killed (look what it did, then 'firstseen store forget --key K'); others as for all commands.\n"
    "What a run that was killed had started counts as in flight until it ends, for --lease at most.\n"
    "Records are kept in --store DIR, else in $XDG_STATE_HOME/firstseen/operations, else in\n"
    "/var/lib/firstseen/operations (root) or ~/.local/state/firstseen/operations.";

}  // namespace

std::vector<std::string> take_command(int& argc, char** argv) {
  if (argc < 2 || std::string_view(argv[1]) != "exec") return {};
  char** const end = argv + argc;
  char** const mark = std::find_if(argv, end, [](const char* word) { return std::string_view(word) == "--"; });
  if (mark == end) return {};
  argc = static_cast<int>(mark - argv);
  return {mark + 1, end};
}

void add_exec(CLI::App& program, Chosen& chosen, std::vector<std::string> command) {
  auto* exec =
      program.add_subcommand("exec", "Run a command at most once per key: exec --key K [OPTIONS] -- COMMAND ARG...");
  exec->footer(footer);
  const auto arguments = std::make_shared<ExecArguments>();
  exec->add_option("-k,--key", arguments->key, "What names the run: 1 to 511 bytes")->required()->type_name("KEY");
  exec->add_option("--store", arguments->store, "Directory of the records; its parent must exist")->type_name("DIR");
  exec->add_option("--ttl", arguments->ttl, "How long the run is known, from its end")
      ->type_name("DURATION")
      ->capture_default_str();
  exec->add_option("--timeout", arguments->timeout, "End the command with SIGTERM after this time")
      ->type_name("DURATION");
  exec->add_option("--kill-after", arguments->kill_after, "Then with SIGKILL after this time")
      ->type_name("DURATION")
      ->capture_default_str();
  exec->add_flag("--wait", arguments->wait, "Wait for a run in flight instead of returning 75");
  exec->add_option("--wait-at-most", arguments->wait_at_most, "Wait, but no longer than this")->type_name("DURATION");
  exec->add_option("--retry", arguments->retry,
                   "Ends after which it may run again: timeout, signal, failure, separated by commas")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember({"timeout", "signal", "failure"}).description(""))
      ->type_name("END");
  choose(
      exec->add_option("--on-abandoned", arguments->on_abandoned, "A run that was killed: conflict (69), or retry it"),
      {"conflict", "retry"})
      ->capture_default_str();
  exec->add_option("--lease", arguments->lease, "A run that is not heard of for this long is abandoned")
      ->type_name("DURATION")
      ->capture_default_str();
  exec->add_option("--max-output", arguments->max_output, "Keep this much of stdout, and of stderr, for duplicates")
      ->type_name("SIZE")
      ->capture_default_str();
  exec->callback([&chosen, arguments, command = std::move(command)] {
    chosen = [arguments, command] { return static_cast<Exit>(execute(*arguments, command)); };
  });
}

}  // namespace firstseen
