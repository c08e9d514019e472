#include "plan_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>

#include "config/value.h"
#include "configuration.h"
#include "option_checks.h"
#include "option_duration.h"
#include "output.h"
#include "plan/machine.h"
#include "plan/plan.h"
#include "plan/report.h"

namespace firstseen {
namespace {

struct PlanArguments {
  std::string config;
  std::string rate;
  std::string unique_share = "1";
  std::string ttl;
  std::uint32_t partitions = 12;
  bool as_json = false;
};

/// Above 0, at most `most`; CLI11's own conversion takes "nan" and "inf", too.
Result<double> parse_number(const char* option, const std::string& text, double most) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  if (whole && number > 0 && number <= most) return number;  // not for a NaN
  return fail(Exit::usage, fmt::format("{}: '{}' is not a number above 0, at most {:.0f}", option, text, most));
}

bool has_several_ttls(const config::Settings& settings) {
  const auto ttl_of = [&](const config::KeyRule& rule) {
    return rule.ttl == Millis{0} ? settings.window.ttl : rule.ttl;
  };
  const auto& rules = settings.key.rules;
  return std::any_of(rules.begin(), rules.end(),
                     [&](const config::KeyRule& rule) { return ttl_of(rule) != ttl_of(rules.front()); });
}

/// What the configuration says, or its defaults.
Result<config::Settings> settings_of(const PlanArguments& arguments) {
  if (arguments.config.empty()) return config::defaults();
  return load_settings(arguments.config, Secrets::leave);
}

Result<plan::Workload> workload_of(const PlanArguments& arguments, const config::Settings& settings) {
  constexpr double most_messages_per_s = 1e8;
  const auto rate = parse_number("--rate", arguments.rate, most_messages_per_s);
  if (!rate) return forward(rate.error());
  const auto share = parse_number("--unique-share", arguments.unique_share, 1);
  if (!share) return forward(share.error());
  plan::Workload workload;
  workload.messages_per_s = *rate;
  workload.unique_share = *share;
  workload.partitions = arguments.partitions;
  workload.ttl = settings.window.ttl;
  workload.commit_interval = settings.delivery.commit_interval;
  workload.max_batch = settings.delivery.max_batch;
  workload.prefetch_bytes = settings.kafka.prefetch_bytes;
  workload.refresh_on_duplicate = settings.window.refresh_on_duplicate;
  workload.several_ttls = has_several_ttls(settings);
  if (!arguments.config.empty()) workload.max_size_bytes = settings.store.max_size;
  if (arguments.ttl.empty() && !settings.key.rules.empty()) {
    return fail(Exit::usage,
                "key.rules has windows of its own: plan each with the rate of its messages and --ttl, and add them up");
  }
  if (arguments.ttl.empty()) return workload;
  const auto ttl = read_duration("--ttl", arguments.ttl);
  if (!ttl) return forward(ttl.error());
  workload.ttl = *ttl;
  return workload;
}

Exit print_plan(const PlanArguments& arguments) {
  const auto settings = settings_of(arguments);
  if (!settings) return report(settings.error());
  const auto workload = workload_of(arguments, *settings);
  if (!workload) return report(workload.error());
  const std::filesystem::path store = arguments.config.empty() ? "" : settings->store.path;
  const plan::Plan needs = plan::make_plan(*workload, plan::this_machine(store));
  return print(arguments.as_json ? to_text(plan::plan_json(*workload, needs)) : plan::plan_text(*workload, needs));
}

}  // namespace

void add_plan(CLI::App& program, Chosen& chosen) {
  auto* command = program.add_subcommand("plan", "Tell what disk, memory and time a window of keys takes");
  command->footer(
      "For one process, which has its share of the partitions and of the messages. Each figure says whether it was\n"
      "measured (tests/bench/RESULTS.md) or is computed. With key.rules each rule is planned by itself. It warns\n"
      "when the window does not fit into store.max_size, the index, or the memory and disk of this machine. Exit\n"
      "status: 0, also with warnings.");
  const auto arguments = std::make_shared<PlanArguments>();
  command->add_option("-r,--rate", arguments->rate, "Messages per second")->required()->type_name("NUMBER");
  command
      ->add_option("--unique-share", arguments->unique_share,
                   "Of the messages that bring a new key; above 0, at most 1")
      ->type_name("SHARE")
      ->capture_default_str();
  command->add_option("--ttl", arguments->ttl, "The window, instead of the configuration's (24h without one)")
      ->check(not_empty())
      ->type_name("DURATION");
  command->add_option("--partitions", arguments->partitions, "Of the input, that the process is assigned; 1 to 100000")
      ->check(between(std::uint32_t{1}, std::uint32_t{100'000}))
      ->type_name("COUNT")
      ->capture_default_str();
  command
      ->add_option("-c,--config", arguments->config,
                   "Configuration file: for ttl, store.max_size, batches and kafka.prefetch_bytes")
      ->type_name("FILE")
      ->check(not_empty());
  command->add_flag("--json", arguments->as_json, "Print JSON");
  command->callback([&chosen, arguments] { chosen = [arguments] { return print_plan(*arguments); }; });
}

}  // namespace firstseen
