#include <memory>
#include <nlohmann/json.hpp>

#include "base/hex.h"
#include "entry_time.h"
#include "key_argument.h"
#include "ledgers.h"
#include "operations.h"
#include "output.h"
#include "seen_records.h"
#include "store/inspect.h"
#include "store_commands.h"
#include "store_layout.h"
#include "target.h"

namespace firstseen {
namespace {

struct LookupArguments {
  Target target;
  KeyArgument key;
  bool as_json = false;
};

Json to_json(const Digest& digest, const std::vector<store::LogEntry>& entries) {
  Json list = Json::array();
  for (const store::LogEntry& found : entries) list.push_back(message_entry(found));
  return {{"digest", to_hex(digest.bytes)}, {"entries", std::move(list)}};
}

std::string to_table(const Digest& digest, const std::vector<store::LogEntry>& entries) {
  std::string text = "digest  " + to_hex(digest.bytes) + "\n";
  if (entries.empty()) return text + "no entry: this key has not been seen, or its entries have expired\n";
  Table table({"kind", "first message", "offset", "time", "batch"});
  for (const store::LogEntry& found : entries) {
    const bool seen = found.entry.kind == store::EntryKind::seen;
    table.row({seen ? "seen" : "forgotten", seen ? to_string(found.source) : "-",
               seen ? std::to_string(found.entry.offset) : "-", entry_time(found.entry),
               std::to_string(found.batch.sequence)});
  }
  return text + table.text();
}

Exit look_up(const LookupArguments& arguments) {
  const auto found = find_store_of(arguments.key, arguments.target);
  if (!found) return report(found.error());
  if (found->kind == StoreKind::operations) {
    return look_up_operation(found->directory, arguments.key.name, arguments.as_json);
  }
  if (found->kind == StoreKind::ledger) return look_up_file(found->directory, arguments.key.name, arguments.as_json);
  const auto digest = digest_of(arguments.key, arguments.target, *found);
  if (!digest) return report(digest.error());
  if (found->kind != StoreKind::seen) return look_up_record(found->directory, *digest, arguments.as_json);
  const auto entries = store::lookup(slot_directory(found->directory), *digest);
  if (!entries) return report(entries.error());
  return print(arguments.as_json ? to_text(to_json(*digest, *entries)) : to_table(*digest, *entries));
}

}  // namespace

void add_store_lookup(CLI::App& store, Chosen& chosen) {
  auto* command = store.add_subcommand("lookup", "Print what is known of a key, a line, a command or a file");
  command->footer(
      "Also while the store is in use. Of seen keys every entry is printed, those older than the window, too, until\n"
      "they are swept; the whole log is read for it (20 bytes per key).");
  const auto arguments = std::make_shared<LookupArguments>();
  add_any_target(*command, {arguments, &arguments->target});
  add_key(*command, {arguments, &arguments->key});
  command->add_flag("--json", arguments->as_json, "Print JSON");
  command->callback([&chosen, arguments] { chosen = [arguments] { return look_up(*arguments); }; });
}

}  // namespace firstseen
