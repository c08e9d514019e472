#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/advice.h"
#include "export_room.h"
#include "output.h"
#include "staging_directory.h"
#include "store/directory.h"
#include "store/hot_copy.h"
#include "store/inspect.h"
#include "store_commands.h"
#include "store_kind.h"
#include "store_layout.h"
#include "target.h"

namespace firstseen {
namespace {

namespace fs = std::filesystem;

struct ExportArguments {
  Target target;
  std::string to;
  bool as_is = false;
  bool as_json = false;
};

struct Exported {
  fs::path directory;
  std::uint64_t bytes = 0;
  store::Verification verified;
};

Result<fs::path> new_place(const std::string& given) {
  fs::path place = fs::absolute(given);
  if (!place.has_filename()) place = place.parent_path();
  std::error_code ignored;
  if (fs::exists(fs::symlink_status(place, ignored))) {
    return fail(Exit::usage, fmt::format("{} exists: name a directory that does not", place.string()));
  }
  if (!fs::is_directory(place.parent_path(), ignored)) {
    return fail(Exit::usage, fmt::format("{} is no directory: make it first", place.parent_path().string()));
  }
  return place;
}

/// A file system that fills up could be the daemon's own.
Result<void> check_room(const fs::path& directory, const fs::path& slot, bool as_is) {
  const auto facts = store::inspect(slot);
  if (!facts) return forward(facts.error());
  const store::Stats& stats = facts->stats;
  const std::uint64_t needed = as_is ? stats.file_bytes : stats.used_bytes;
  const std::uint64_t kept =
      on_one_file_system(directory, slot) ? room_to_grow(stats.file_bytes, stats.max_size_bytes) : 0;
  std::error_code error;
  const auto space = fs::space(directory, error);
  if (error || space.available > needed + kept) return {};
  return fail(Exit::io, fmt::format("{}: {} bytes are free, the copy may take {}{}", directory.string(),
                                    format_count(space.available), format_count(needed),
                                    kept == 0 ? std::string()
                                              : fmt::format(" and the store, on the same file system, {} to go on "
                                                            "meanwhile: make room, or export to another disk",
                                                            format_count(kept))));
}

/// Of a store, the copy of its slot.
Result<store::Verification> verified(const fs::path& slot, const fs::path& of) {
  auto found = store::verify(slot);
  if (!found) return found;
  if (found->problems.empty()) {
    std::error_code ignored;
    fs::remove(slot / store::lock_file, ignored);  // made by the look at it
    return found;
  }
  return fail(Exit::bad_data, fmt::format("the copy is damaged, as the store may be (see `{}`): {}",
                                          Advice{.store = of}.by_store("store verify"), found->problems.front()));
}

Result<Exported> export_store(const FoundStore& found, const ExportArguments& arguments) {
  if (found.kind != StoreKind::seen) {
    return refuse(found, "copy its directory while nobody uses it; export is for the store of a daemon");
  }
  const auto place = new_place(arguments.to);
  if (!place) return forward(place.error());
  const fs::path slot = slot_directory(found.directory);
  if (auto room = check_room(place->parent_path(), slot, arguments.as_is); !room) return forward(room.error());
  auto staging = StagingDirectory::make(place->native() + ".partial-");
  if (!staging) return forward(staging.error());
  const fs::path copy = slot_directory(staging->path());
  const auto bytes =
      store::hot_copy(slot, copy, arguments.as_is ? store::CopyLayout::as_is : store::CopyLayout::compact);
  if (!bytes) return forward(bytes.error());
  auto sound = verified(copy, found.directory);
  if (!sound) return forward(sound.error());
  for (const fs::path& directory : {copy, staging->path()}) {
    if (auto synced = store::sync_directory(directory); !synced) return forward(synced.error());
  }
  if (auto done = staging->become(*place); !done) return forward(done.error());
  if (auto synced = store::sync_directory(place->parent_path()); !synced) return forward(synced.error());
  return Exported{.directory = *place, .bytes = *bytes, .verified = std::move(*sound)};
}

Exit run_export(const ExportArguments& arguments) {
  const auto found = find_store(arguments.target);
  if (!found) return report(found.error());
  const auto exported = export_store(*found, arguments);
  if (!exported) return report(exported.error());
  const auto& [directory, bytes, sound] = *exported;
  if (arguments.as_json) {
    return print(to_text(
        {{"directory", directory.string()}, {"bytes", bytes}, {"records", sound.records}, {"entries", sound.entries}}));
  }
  return print(fmt::format("{}: {} with {} in {} bytes; every checksum compared\n", directory.string(),
                           format_counted(sound.records, "record"), format_counted(sound.entries, "entry", "entries"),
                           format_count(bytes)));
}

}  // namespace

void add_store_export(CLI::App& store, Chosen& chosen) {
  auto* command = store.add_subcommand("export", "Copy a daemon's store, also while it runs, to a new directory");
  command->footer(
      "The copy is the store at one moment, on disk and verified when this returns: 'store stats', 'verify', 'lookup'\n"
      "and 'list' read it, 'store import' puts it in place. It appears under its name when it is complete; a killed\n"
      "export leaves DIR.partial-..., which may be deleted. Space that the daemon frees meanwhile is used again only\n"
      "afterwards. With --as-is a commit of the daemon can wait for a moment.");
  const auto arguments = std::make_shared<ExportArguments>();
  command->add_option("DIR", arguments->to, "The directory to make; its parent must exist")->required()->type_name("");
  add_target(*command, {arguments, &arguments->target});
  command->add_flag("--as-is", arguments->as_is, "Copy page by page, free pages too: less CPU, more disk");
  command->add_flag("--json", arguments->as_json, "Print JSON");
  command->callback([&chosen, arguments] { chosen = [arguments] { return run_export(*arguments); }; });
}

}  // namespace firstseen
