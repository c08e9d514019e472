#include <memory>

#include "ask_daemon.h"
#include "commands.h"
#include "output.h"
#include "status_report.h"
#include "target.h"

namespace firstseen {
namespace {

constexpr Millis status_limit{10'000};

Exit show_status(const Target& target, bool as_json) {
  const auto status = ask_daemon(target, {{"command", "status"}}, status_limit);
  if (!status) return report(status.error());
  const Exit printed = print(as_json ? to_text(*status) : status_to_text(*status));
  return printed == Exit::ok ? health_of(*status) : printed;
}

}  // namespace

void add_status(CLI::App& program, Chosen& chosen) {
  auto* command = program.add_subcommand("status", "Ask a running daemon how it is");
  command->footer(
      "It fits one screen: of many partitions those that stand still or lag most, --json has all.\n"
      "The verdict is that of the page /status. Exit status: 0 alive, ready and every partition served (a spare one\n"
      "has none); 75 not so (starting, paused, stopping, no broker answers, a partition stopped, the loop stands\n"
      "still); 69 no daemon answers, as while it opens its store.");
  const auto target = std::make_shared<Target>();
  const auto as_json = std::make_shared<bool>(false);
  add_target(*command, target);
  command->add_flag("--json", *as_json, "Print JSON");
  command->callback([&chosen, target, as_json] { chosen = [=] { return show_status(*target, *as_json); }; });
}

}  // namespace firstseen
