#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.h"
#include "target.h"

namespace firstseen {

/// Whose store a directory is.
enum class StoreKind {
  none,         ///< nobody's of ours
  operations,   ///< of `firstseen exec`: records by key
  seen,         ///< of `firstseen run`: digests of keys
  filter,       ///< of `firstseen filter --store`: digests of keys, perhaps their lines
  ledger,       ///< of `firstseen ingest`: records of files
  ingest_keys,  ///< keys/ in such a ledger's directory: digests of keys
};

struct FoundStore {
  StoreKind kind = StoreKind::none;
  std::filesystem::path directory;  ///< as its owner names it, also where the target names an environment inside
};

/// What is in a directory. Changes nothing. What says by its files to be a store of seen keys but cannot be read is
/// `seen`: opening will tell what is wrong with it. Exit::io when the directory cannot be looked into.
Result<StoreKind> kind_of_store(const std::filesystem::path& directory);

/// The target's store. Exit::config when nothing of ours is there; a configuration's store is `seen` whatever is there.
Result<FoundStore> find_store(const Target& target);

/// For machines: "operations", "run", "filter", "ledger", "ingest_keys".
std::string_view name_of(StoreKind kind);

/// "DIR is a ledger (of 'firstseen ingest')".
std::string description(const FoundStore& store);

/// Exit::usage: this makes no sense for the store, and what does.
tl::unexpected<Error> refuse(const FoundStore& store, std::string_view instead);

}  // namespace firstseen
