#include "target.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "configuration.h"
#include "operations.h"
#include "option_checks.h"
#include "store_layout.h"

namespace firstseen {

namespace {

CLI::Option_group* add_group(CLI::App& command, const std::shared_ptr<Target>& target) {
  auto* group = command.add_option_group("target", "Which daemon or store");
  group->add_option("-c,--config", target->config, "Configuration file; its store.path is used")
      ->type_name("FILE")
      ->check(not_empty());
  group->add_option("--store", target->store, "The store's directory (store.path)")
      ->type_name("DIR")
      ->check(not_empty());
  return group;
}

/// Somebody who has found an environment inside a store means that store.
std::filesystem::path above_its_environment(const std::filesystem::path& given) {
  constexpr std::array<std::string_view, 3> environments{"slot-0", "ledger", "payloads"};
  const auto directory = given.has_filename() ? given : given.parent_path();
  const bool inside = holds_environment(directory) && !holds_operations(directory) &&
                      std::ranges::find(environments, directory.filename().string()) != environments.end();
  return inside ? std::filesystem::absolute(directory).parent_path() : given;
}

}  // namespace

void add_target(CLI::App& command, const std::shared_ptr<Target>& target) {
  add_group(command, target)->require_option(1);
}

void add_any_target(CLI::App& command, const std::shared_ptr<Target>& target) {
  add_group(command, target)->require_option(-1);  // at most one
}

Result<std::filesystem::path> store_path(const Target& target) {
  if (!target.store.empty()) return above_its_environment(target.store);
  if (target.config.empty()) return default_operations_directory();
  const auto configuration = load_configuration(target.config, Secrets::leave);
  if (!configuration) return forward(configuration.error());
  return configuration->store_path;
}

}  // namespace firstseen
