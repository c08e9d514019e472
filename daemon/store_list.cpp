#include <fmt/format.h>

#include <memory>
#include <system_error>

#include "operations.h"
#include "output.h"
#include "store_commands.h"
#include "store_layout.h"
#include "target.h"

namespace firstseen {
namespace {

struct ListArguments {
  Target target;
  std::string prefix;
  bool as_json = false;
};

Exit list(const ListArguments& arguments) {
  const auto path = store_path(arguments.target);
  if (!path) return report(path.error());
  std::error_code ignored;
  if (std::filesystem::exists(slot_directory(*path), ignored)) {
    return report({.action = Action::stop,
                   .exit = Exit::usage,
                   .message = fmt::format("{} is a store of seen keys, which knows digests and no names: see 'store "
                                          "stats' and 'store lookup'",
                                          path->string())});
  }
  return list_operations(*path, arguments.prefix, arguments.as_json);
}

}  // namespace

void add_store_list(CLI::App& store, Chosen& chosen) {
  auto* command = store.add_subcommand("list", "Print the records of 'firstseen exec'");
  const auto arguments = std::make_shared<ListArguments>();
  add_any_target(*command, {arguments, &arguments->target});
  command->add_option("--prefix", arguments->prefix, "Only keys that begin so")->type_name("TEXT");
  command->add_flag("--json", arguments->as_json, "Print JSON");
  command->callback([&chosen, arguments] { chosen = [arguments] { return list(*arguments); }; });
}

}  // namespace firstseen
