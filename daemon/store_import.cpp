#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "configuration.h"
#include "import_store.h"
#include "logging.h"
#include "option_checks.h"
#include "output.h"
#include "store_commands.h"
#include "store_kind.h"
#include "target.h"

namespace firstseen {
namespace {

struct ImportArguments {
  std::string config;
  std::string source;
  bool replace = false;
  bool as_json = false;
};

Json to_json(const std::filesystem::path& directory, const Imported& imported) {
  return {{"directory", directory.string()},
          {"records", imported.records},
          {"entries", imported.entries},
          {"undecided", imported.undecided},
          {"replaced", imported.replaced.empty() ? Json() : Json(imported.replaced.string())}};
}

std::string to_text_for_people(const std::filesystem::path& directory, const Imported& imported) {
  std::string text =
      fmt::format("{}: {} with {} imported\n", directory.string(), format_counted(imported.records, "record"),
                  format_counted(imported.entries, "entry", "entries"));
  if (!imported.replaced.empty()) {
    text += fmt::format("the store that was there is kept in {}\n", imported.replaced.string());
  }
  if (imported.undecided) text += "the next start decides its last batch by what the group has committed\n";
  return text;
}

Exit run_import(const ImportArguments& arguments) {
  const auto configuration = load_configuration(arguments.config, Secrets::leave);
  if (!configuration) return report(configuration.error());
  const auto source = find_store({.config = {}, .store = arguments.source});
  if (!source) return report(source.error());
  if (source->kind != StoreKind::seen)
    return report(refuse(*source, "import takes what 'store export' has made").value());
  const LogSink log = make_log(configuration->log_level, configuration->log_format);
  const auto imported = import_store(*configuration, source->directory, arguments.replace, log);
  if (!imported) return report(imported.error());
  const auto& directory = configuration->store_path;
  return print(arguments.as_json ? to_text(to_json(directory, *imported)) : to_text_for_people(directory, *imported));
}

}  // namespace

void add_store_import(CLI::App& store, Chosen& chosen) {
  auto* command = store.add_subcommand("import", "Put an exported store in place, for a daemon that does not run");
  command->footer(
      "DIR stays. Its checksums are compared first; it must be of this configuration's group, topics and key, and the\n"
      "next start compares the cluster. What the group has consumed since the export is missing in it:\n"
      "the next start does with that what input.on_missing_history says (by default it is read again, and nothing of\n"
      "it is published). Keys forgotten since are known again.");
  const auto arguments = std::make_shared<ImportArguments>();
  command->add_option("DIR", arguments->source, "What 'store export' has made")
      ->required()
      ->type_name("")
      ->check(not_empty());
  command->add_option("-c,--config", arguments->config, "Configuration file")->required()->type_name("FILE");
  command->add_flag("--replace", arguments->replace, "Also where there is a store already, which is kept beside");
  command->add_flag("--json", arguments->as_json, "Print JSON");
  command->callback([&chosen, arguments] { chosen = [arguments] { return run_import(*arguments); }; });
}

}  // namespace firstseen
