#include <memory>

#include "ledgers.h"
#include "operations.h"
#include "output.h"
#include "seen_records.h"
#include "store_commands.h"
#include "store_kind.h"
#include "target.h"

namespace firstseen {
namespace {

struct ListArguments {
  Target target;
  std::string prefix;
  bool as_json = false;
};

Exit list(const ListArguments& arguments) {
  const auto found = find_store(arguments.target);
  if (!found) return report(found.error());
  switch (found->kind) {
    case StoreKind::operations:
      return list_operations(found->directory, arguments.prefix, arguments.as_json);
    case StoreKind::ledger:
      return list_files(found->directory, arguments.prefix, arguments.as_json);
    case StoreKind::seen:
    case StoreKind::filter:
    case StoreKind::ingest_keys:
    case StoreKind::none:
      break;
  }
  return list_records(*found, arguments.prefix, arguments.as_json);
}

}  // namespace

void add_store_list(CLI::App& store, Chosen& chosen) {
  auto* command = store.add_subcommand(
      "list", "Print the records of 'exec' and 'ingest', or the keys of 'run', 'filter' and 'ingest --key'");
  command->footer(
      "Also while the store is in use. Of seen keys every entry is printed, those older than the window, too, until\n"
      "they are swept: a line each, in the order in which they came.");
  const auto arguments = std::make_shared<ListArguments>();
  add_any_target(*command, {arguments, &arguments->target});
  command->add_option("--prefix", arguments->prefix, "Only keys, paths or digests that begin so")->type_name("PREFIX");
  command->add_flag("--json", arguments->as_json, "Print JSON");
  command->callback([&chosen, arguments] { chosen = [arguments] { return list(*arguments); }; });
}

}  // namespace firstseen
