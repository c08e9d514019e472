#include <cstdlib>
#include <memory>
#include <string>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "commands.h"
#include "configuration.h"
#include "logging.h"
#include "output.h"
#include "service.h"

namespace firstseen {
namespace {

/// glibc's malloc has up to eight arenas per core, each with freed memory of its own. Two take 5 MiB less on two cores,
/// and the rate is the same (./dev bench defaults). A person's own choice stands.
void bound_malloc() {
#ifdef __GLIBC__
  if (std::getenv("MALLOC_ARENA_MAX") == nullptr && std::getenv("GLIBC_TUNABLES") == nullptr) mallopt(M_ARENA_MAX, 2);
#endif
}

Exit run_daemon(const std::string& config) {
  bound_malloc();
  auto configuration = load_configuration(config, Secrets::check);
  if (!configuration) return report(configuration.error());
  const Log log(configuration->log_level, configuration->log_format);
  const auto file = configuration->file;
  return run_service(std::move(*configuration), log, [file] { return load_configuration(file, Secrets::check); });
}

}  // namespace

void add_run(CLI::App& program, Chosen& chosen) {
  auto* command = program.add_subcommand("run", "Run the daemon");
  command->footer(
      "SIGTERM or SIGINT finishes or aborts the batch in flight and leaves within 10 s with status 0; a second one\n"
      "leaves at once with status 75, losing nothing. SIGHUP reads the configuration again, as 'firstseen reload' "
      "does.\n"
      "The log goes to stderr.");
  const auto config = std::make_shared<std::string>();
  command->add_option("-c,--config", *config, "Configuration file")->required()->type_name("FILE");
  command->callback([&chosen, config] { chosen = [config] { return run_daemon(*config); }; });
}

}  // namespace firstseen
