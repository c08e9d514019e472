#include <memory>

#include "ask_daemon.h"
#include "commands.h"
#include "target.h"

namespace firstseen {
namespace {

/// The daemon gives up before.
constexpr Millis reload_limit{90'000};

}  // namespace

void add_reload(CLI::App& program, Chosen& chosen) {
  auto* command = program.add_subcommand("reload", "Let a running daemon read its configuration file again");
  command->footer(
      "The daemon checks the whole file first, and the files that it names. What can change while it runs then "
      "changes,\n"
      "all of it or nothing: log.*, http.* (the token and the certificate in their files, too), window.ttl,\n"
      "key.rules[].ttl, duplicates.* and rejects.*. A file with a mistake or with another value of any other option\n"
      "is refused: every mistake is printed with its place, every such option by its name. SIGHUP does the same and\n"
      "tells the log only.\n"
      "Exit status: 0 as the file says, 78 refused, 75 not now, 69 no daemon answers.");
  const auto target = std::make_shared<Target>();
  add_target(*command, target);
  command->callback([&chosen, target] {
    chosen = [target] { return print_answer(*target, {{"command", "reload"}}, reload_limit); };
  });
}

}  // namespace firstseen
