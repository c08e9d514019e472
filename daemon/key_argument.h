#pragma once

#include <CLI/App.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "base/digest.h"
#include "base/error.h"
#include "store_kind.h"
#include "target.h"

namespace firstseen {

/// Which key a command is about: by its digest, by a message that has it (which needs the configuration), by a line
/// that has it, or by itself.
struct KeyArgument {
  std::string digest;   ///< --digest HEX
  std::string message;  ///< --message FILE, as `explain` reads it; "-" is stdin
  std::string line;     ///< --line LINE, of `firstseen filter`, or a record of `firstseen ingest`
  std::string name;     ///< --key KEY, of `firstseen exec`, or a file's path, of `firstseen ingest`
};

/// Adds --digest, --message, --line and --key; exactly one must be given.
void add_key(CLI::App& command, const std::shared_ptr<KeyArgument>& key);

/// find_store(), for a command about a key. Exit::usage when the store does not know its keys by what was given, or
/// what was given can be no key of any store.
Result<FoundStore> find_store_of(const KeyArgument& key, const Target& target);

/// The digest, of a store of seen keys. Exit::usage for a text that is none, or a message without --config;
/// Exit::config when the configuration is not that of its store; Exit::bad_data for a message or line that has no key,
/// with the reason.
Result<Digest> digest_of(const KeyArgument& key, const Target& target, const FoundStore& store);

}  // namespace firstseen
