#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "demo/demo.h"
#include "logging.h"
#include "option_checks.h"
#include "output.h"

namespace firstseen {
namespace {

constexpr const char* limits =
    "The mock cluster cannot show exactly-once: it has no commit markers, no aborted-message filtering and no "
    "fencing;\n"
    "that takes a real broker (./dev test broker, ./dev test crash).\n";

Json to_json(const demo::Outcome& outcome, std::uint64_t rate) {
  return {{"produced", outcome.produced},     {"orders", outcome.orders},         {"consumed", outcome.consumed},
          {"first_seen", outcome.first_seen}, {"duplicates", outcome.duplicates}, {"read", outcome.audit.read},
          {"lost", outcome.audit.lost},       {"doubled", outcome.audit.doubled}, {"changed", outcome.audit.changed},
          {"seconds", outcome.seconds},       {"messages_per_second", rate}};
}

std::string to_table(const demo::Outcome& outcome, std::uint64_t rate) {
  Table table({"demo", "messages"});
  table.row({"produced", format_count(outcome.produced)});
  table.row({"consumed", format_count(outcome.consumed)});
  table.row({"first seen", format_count(outcome.first_seen)});
  table.row({"duplicates", format_count(outcome.duplicates)});
  table.row({"read from the output", format_count(outcome.audit.read)});
  table.row({"lost", format_count(outcome.audit.lost)});
  table.row({"doubled", format_count(outcome.audit.doubled)});
  table.row({"changed", format_count(outcome.audit.changed)});
  table.row({"rate per second", format_count(rate)});
  return table.text();
}

Exit run_demo(const demo::Options& options, bool as_json) {
  const auto outcome = demo::run(options, make_log(LogLevel::warning, LogFormat::text));
  if (!outcome) return report(outcome.error());
  const auto rate = static_cast<std::uint64_t>(static_cast<double>(outcome->consumed) / outcome->seconds);
  const Exit printed = print(as_json ? to_text(to_json(*outcome, rate)) : to_table(*outcome, rate) + "\n" + limits);
  if (printed != Exit::ok) return printed;
  if (outcome->clean()) return Exit::ok;
  return report({.action = Action::stop, .exit = Exit::internal, .message = "the output is not what it must be"});
}

}  // namespace

void add_demo(CLI::App& program, Chosen& chosen) {
  auto* command = program.add_subcommand("demo", "Clean a generated stream on an embedded mock cluster, and check it");
  command->footer(
      "Nothing to install, nothing left behind. Orders are produced with retries and replays, cleaned by the daemon's\n"
      "own loop, and the output topic is read by an independent consumer and compared with what was produced.\n"
      "Exit status 0 only when nothing was lost, doubled or changed.");
  const auto options = std::make_shared<demo::Options>();
  const auto as_json = std::make_shared<bool>(false);
  command->add_option("--messages", options->messages, "How many to produce, 1 to 100000000")
      ->check(between(std::uint64_t{1}, std::uint64_t{100'000'000}))
      ->type_name("COUNT")
      ->capture_default_str();
  command->add_option("--seed", options->seed, "Of the stream; the same seed, the same stream")
      ->type_name("NUMBER")
      ->capture_default_str();
  command->add_option("--duplicates", options->duplicates, "Share of repeated messages, about; 0 to 0.95")
      ->check(between(0.0, 0.95))
      ->type_name("SHARE")
      ->capture_default_str();
  command->add_flag("--json", *as_json, "Print JSON");
  command->callback([&chosen, options, as_json] { chosen = [=] { return run_demo(*options, *as_json); }; });
}

}  // namespace firstseen
