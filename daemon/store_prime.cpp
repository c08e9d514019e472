#include <fmt/format.h>

#include <atomic>
#include <charconv>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "configuration.h"
#include "logging.h"
#include "output.h"
#include "prime.h"
#include "signals.h"
#include "store_commands.h"

namespace firstseen {
namespace {

struct PrimeArguments {
  std::string config;
  std::string until = "committed";
  bool as_json = false;
};

/// committed, end, or milliseconds since the epoch.
Result<PrimeUntil> parse_until(const std::string& text) {
  if (text == "committed") return PrimeUntil{};
  if (text == "end") return PrimeUntil{.kind = PrimeUntil::Kind::end};
  std::int64_t time_ms = 0;
  const auto [stopped_at, error] = std::from_chars(text.data(), text.data() + text.size(), time_ms);
  if (error != std::errc{} || stopped_at != text.data() + text.size() || time_ms < 0) {
    return fail(Exit::usage, fmt::format("--until '{}' is not committed, end, or milliseconds since 1970", text));
  }
  return PrimeUntil{.kind = PrimeUntil::Kind::time, .time_ms = time_ms};
}

Exit prime_store(const PrimeArguments& arguments) {
  const auto until = parse_until(arguments.until);
  if (!until) return report(until.error());
  auto configuration = load_configuration(arguments.config);
  if (!configuration) return report(configuration.error());
  block_signals();
  const LogSink log = make_log(configuration->log_level, configuration->log_format);
  std::atomic<bool> stop = false;
  const SignalThread signals([&stop] { stop = true; }, log);
  const auto primed = prime(std::move(*configuration), *until, stop, log);
  if (!primed) return report(primed.error());
  if (arguments.as_json) {
    return print(to_text({{"partitions", primed->partitions}, {"messages", primed->messages}}));
  }
  return print(fmt::format("{} of {} read and recorded; nothing was published\n",
                           format_counted(primed->messages, "message"),
                           format_counted(primed->partitions, "partition")));
}

}  // namespace

void add_store_prime(CLI::App& store, Chosen& chosen) {
  auto* command = store.add_subcommand("prime", "Fill the store from the input's history; publishes nothing");
  command->footer(
      "For taking over from another deduplicator, or before the first run on a new volume. No daemon may hold the\n"
      "store. Reads each input partition as far back as the window reaches:\n"
      "  --until committed   up to the group's committed offsets: run then goes on exactly there\n"
      "  --until end         up to the present end: a group without offsets begins there\n"
      "  --until MS          up to the first message at or after MS milliseconds since 1970");
  const auto arguments = std::make_shared<PrimeArguments>();
  command->add_option("-c,--config", arguments->config, "Configuration file")->required()->type_name("FILE");
  command->add_option("--until", arguments->until, "Where to stop reading")
      ->type_name("committed|end|MS")
      ->capture_default_str();
  command->add_flag("--json", arguments->as_json, "Print JSON");
  command->callback([&chosen, arguments] { chosen = [arguments] { return prime_store(*arguments); }; });
}

}  // namespace firstseen
