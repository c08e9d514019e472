#include <memory>
#include <nlohmann/json.hpp>

#include "output.h"
#include "store/inspect.h"
#include "store_commands.h"
#include "store_kind.h"
#include "store_layout.h"
#include "target.h"

namespace firstseen {
namespace {

std::string to_text_for_people(const store::Verification& found) {
  std::string text =
      format_counted(found.records, "record") + " with " + format_counted(found.entries, "entry", "entries") + ": ";
  if (found.problems.empty()) return text + "sound\n";
  text += format_counted(found.problems.size(), "problem") + "\n";
  for (const std::string& problem : found.problems) text += "  " + problem + "\n";
  return text;
}

Exit verify_store(const Target& target, bool as_json) {
  const auto of = find_store(target);
  if (!of) return report(of.error());
  if (of->kind == StoreKind::operations || of->kind == StoreKind::ledger) {
    return report(refuse(*of, "it has no checksums of its own; 'store list' reads all of it").value());
  }
  const auto found = store::verify(slot_directory(of->directory));
  if (!found) return report(found.error());
  const Json json{{"records", found->records},
                  {"entries", found->entries},
                  {"sound", found->problems.empty()},
                  {"problems", found->problems}};
  const Exit printed = print(as_json ? to_text(json) : to_text_for_people(*found));
  if (printed != Exit::ok) return printed;
  return found->problems.empty() ? Exit::ok : Exit::bad_data;
}

}  // namespace

void add_store_verify(CLI::App& store, Chosen& chosen) {
  auto* command = store.add_subcommand("verify", "Read a whole store and check it; a daemon may be running");
  command->footer("Exit status: 0 sound, 65 damaged (each problem is printed).");
  const auto target = std::make_shared<Target>();
  const auto as_json = std::make_shared<bool>(false);
  add_target(*command, target);
  command->add_flag("--json", *as_json, "Print JSON");
  command->callback([&chosen, target, as_json] { chosen = [=] { return verify_store(*target, *as_json); }; });
}

}  // namespace firstseen
