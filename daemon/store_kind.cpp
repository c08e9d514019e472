#include "store_kind.h"

#include <fmt/format.h>

#include <array>
#include <system_error>

#include "ingest/ledger_inspect.h"
#include "operations.h"
#include "store/directory.h"
#include "store/inspect.h"
#include "store_layout.h"

namespace firstseen {
namespace {

namespace fs = std::filesystem;

/// By the pin that its owner left in it.
StoreKind kind_of_seen_keys(const fs::path& directory) {
  const auto facts = store::inspect(slot_directory(directory));
  if (!facts) return StoreKind::seen;
  const auto purpose = facts->pins.find("purpose");
  if (purpose == facts->pins.end()) return StoreKind::seen;
  return purpose->second == "ingest" ? StoreKind::ingest_keys : StoreKind::filter;
}

std::string_view described(StoreKind kind) {
  constexpr std::array<std::string_view, 6> names{"no store of firstseen",
                                                  "a store of operations (of 'firstseen exec')",
                                                  "a store of seen keys (of 'firstseen run')",
                                                  "a store of seen keys (of 'firstseen filter')",
                                                  "a ledger (of 'firstseen ingest')",
                                                  "a store of seen keys (of 'firstseen ingest --key')"};
  return names.at(static_cast<std::size_t>(kind));
}

}  // namespace

Result<StoreKind> kind_of_store(const fs::path& directory) {
  std::error_code hidden;  // none where there is nothing
  static_cast<void>(fs::exists(directory / store::data_file, hidden));
  if (hidden) {
    const bool forbidden = hidden == std::errc::permission_denied;
    return fail(Exit::io, fmt::format("cannot look into {}: {}{}", directory.string(), hidden.message(),
                                      forbidden ? "; do it as the user whose store it is" : ""));
  }
  if (holds_operations(directory)) return StoreKind::operations;
  if (holds_environment(directory)) return StoreKind::none;  // another program's
  std::error_code ignored;
  if (fs::exists(slot_directory(directory), ignored)) return kind_of_seen_keys(directory);
  return ingest::holds_ledger(directory) ? StoreKind::ledger : StoreKind::none;
}

Result<FoundStore> find_store(const Target& target) {
  const auto path = store_path(target);
  if (!path) return forward(path.error());
  const auto kind = kind_of_store(*path);
  if (!kind) return forward(kind.error());
  FoundStore found{*kind, *path};
  if (found.kind != StoreKind::none) return found;
  if (!target.config.empty()) {
    found.kind = StoreKind::seen;
  } else if (target.store.empty()) {
    found.kind = StoreKind::operations;
  } else {
    return fail(
        Exit::config,
        fmt::format("{} holds no store of firstseen: 'run' and 'filter' keep slot-0/ in theirs, 'ingest' ledger/, "
                    "'exec' data.mdb and open.lock",
                    path->string()));
  }
  return found;
}

std::string_view name_of(StoreKind kind) {
  constexpr std::array<std::string_view, 6> names{"none", "operations", "run", "filter", "ledger", "ingest_keys"};
  return names.at(static_cast<std::size_t>(kind));
}

std::string description(const FoundStore& store) {
  return fmt::format("{} is {}", store.directory.string(), described(store.kind));
}

tl::unexpected<Error> refuse(const FoundStore& store, std::string_view instead) {
  return fail(Exit::usage, fmt::format("{}: {}", description(store), instead));
}

}  // namespace firstseen
