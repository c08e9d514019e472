#include <fmt/format.h>

#include <CLI/App.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "commands.h"
#include "config/load.h"
#include "configuration.h"
#include "http/remarks.h"
#include "kafka/scram.h"
#include "output.h"

namespace firstseen {
namespace {

struct Arguments {
  std::string file;
  bool json = false;
  bool effective = false;
};

std::vector<std::string> remarks(const config::Settings& settings) {
  const Configuration configuration = configure(settings);
  std::vector<std::string> made = http::remarks(configuration.http, SystemClock().wall_ms());
  const std::string why = kafka::refused_scram(configuration.client.properties);
  if (!why.empty()) made.push_back("kafka.properties." + why);
  for (std::string& unchecked : unchecked_secrets(settings)) made.push_back(std::move(unchecked));
  return made;
}

Exit print_json(const Arguments& arguments, const Result<config::Settings>& settings) {
  nlohmann::ordered_json report = {{"file", arguments.file}, {"valid", settings.has_value()}};
  report["problems"] = nlohmann::ordered_json::array();
  if (!settings) {
    const std::string& all = settings.error().message;
    for (std::size_t begin = 0; begin <= all.size();) {
      const std::size_t end = std::min(all.find('\n', begin), all.size());
      report["problems"].push_back(all.substr(begin, end - begin));
      begin = end + 1;
    }
  }
  report["remarks"] = settings ? remarks(*settings) : std::vector<std::string>();
  const Exit printed = print(to_text(report));
  return settings ? printed : settings.error().exit;
}

Exit validate(const Arguments& arguments) {
  const auto settings = load_settings(arguments.file, Secrets::validate);
  if (arguments.json) return print_json(arguments, settings);
  if (!settings) {
    fmt::print(stderr, "{}\n", settings.error().message);
    return settings.error().exit;
  }
  for (const std::string& remark : remarks(*settings)) fmt::print(stderr, "{}: {}\n", arguments.file, remark);
  if (arguments.effective) {
    return print(
        fmt::format("# {}: valid; every option, defaults included\n{}", arguments.file, config::dump(*settings)));
  }
  return print(arguments.file + ": valid\n");
}

}  // namespace

void add_validate(CLI::App& program, Chosen& chosen) {
  CLI::App* command =
      program.add_subcommand("validate", "Check a configuration file and name every problem with its place");
  auto arguments = std::make_shared<Arguments>();
  command->add_option("-c,--config,file", arguments->file, "Configuration file, also without the option's name")
      ->type_name("FILE")
      ->required();
  auto* effective = command->add_flag("--effective", arguments->effective,
                                      "Print every option's value, defaults included, ${...} unexpanded and secrets "
                                      "redacted, as a configuration file");
  command->add_flag("--json", arguments->json, "Print the result as JSON")->excludes(effective);
  command->callback([arguments, &chosen] { chosen = [arguments] { return validate(*arguments); }; });
}

}  // namespace firstseen
