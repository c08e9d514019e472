#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "ask_daemon.h"
#include "base/units.h"
#include "commands.h"
#include "output.h"
#include "pause_limits.h"
#include "target.h"

namespace firstseen {
namespace {

/// For a reply that is not about waiting.
constexpr Millis reply_limit{10'000};

struct PauseArguments {
  Target target;
  std::string reason;
  std::string timeout = "1m";
};

/// Whoever types it, also behind sudo.
std::string user_name() {
  if (const char* before_sudo = std::getenv("SUDO_USER"); before_sudo != nullptr) {  // NOLINT(concurrency-mt-unsafe)
    return before_sudo;
  }
  const passwd* entry = ::getpwuid(::getuid());  // NOLINT(concurrency-mt-unsafe): one thread
  return entry == nullptr ? fmt::format("uid {}", ::getuid()) : entry->pw_name;
}

Result<Millis> wait_limit(const std::string& text) {
  auto limit = parse_duration(text);
  if (!limit) return fail(Exit::usage, "--timeout: " + limit.error().message);
  if (limit->count() >= 1 && *limit <= longest_pause_wait) return limit;
  return fail(Exit::usage, "--timeout: must be from 1ms to " + format_duration(longest_pause_wait));
}

Exit pause(const PauseArguments& arguments) {
  const auto limit = wait_limit(arguments.timeout);
  if (!limit) return report(limit.error());
  const std::string by = arguments.reason.empty() ? user_name() : user_name() + ": " + arguments.reason;
  if (by.size() > most_asker_bytes) {
    return report({Action::stop, Exit::usage,
                   fmt::format("--reason: must be {} bytes shorter: {} at most, with your name before it",
                               by.size() - most_asker_bytes, most_asker_bytes)});
  }
  return print_answer(arguments.target, {{"command", "pause"}, {"by", by}, {"timeout_ms", limit->count()}},
                      *limit + reply_limit);
}

}  // namespace

void add_pause(CLI::App& program, Chosen& chosen) {
  auto* command =
      program.add_subcommand("pause", "Let a running daemon finish what is in flight and take nothing more");
  command->footer(
      "Returns when no batch is unfinished. The daemon keeps its partitions and its place in the group; what is "
      "assigned\n"
      "to it meanwhile waits, too. It is not ready then: 'firstseen status', /readyz and /metrics say since when, and "
      "who\n"
      "asked. 'firstseen resume' goes on, and so does a restart. Exit status 75 when the time was too short: the "
      "daemon\n"
      "still pauses as soon as it can.");
  const auto arguments = std::make_shared<PauseArguments>();
  add_target(*command, {arguments, &arguments->target});
  command->add_option("--reason", arguments->reason, "Shown with your name while it is paused")->type_name("WHY");
  command->add_option("--timeout", arguments->timeout, "How long to wait for what is in flight")
      ->type_name("DURATION")
      ->capture_default_str();
  command->callback([&chosen, arguments] { chosen = [arguments] { return pause(*arguments); }; });
}

void add_resume(CLI::App& program, Chosen& chosen) {
  auto* command = program.add_subcommand("resume", "Let a paused daemon go on");
  command->footer(
      "Partitions that are stopped for a reason of their own stay so: 'firstseen status' names it. A daemon that is "
      "not\n"
      "paused is left as it is.");
  const auto target = std::make_shared<Target>();
  add_target(*command, target);
  command->callback(
      [&chosen, target] { chosen = [target] { return print_answer(*target, {{"command", "resume"}}, reply_limit); }; });
}

}  // namespace firstseen
