#pragma once

#include <CLI/App.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "base/digest.h"
#include "base/error.h"
#include "target.h"

namespace firstseen {

/// Which key a command is about: by its digest, or by a message that has it (which needs the configuration).
struct KeyArgument {
  std::string digest;     ///< --digest HEX
  std::string message;    ///< --message FILE, as `explain` reads it; "-" is stdin
  std::string operation;  ///< --key TEXT, of `firstseen exec`
};

/// Adds --digest, --message and --key; exactly one must be given.
void add_key(CLI::App& command, const std::shared_ptr<KeyArgument>& key);

/// Exit::usage when a store at `path` holds keys of another kind than the one given.
Result<void> check_kind(const KeyArgument& key, const std::filesystem::path& path);

/// The digest. Exit::usage for a text that is none, or a message without --config; Exit::config when the configuration
/// is not that of its store; Exit::bad_data for a message that has no key, with the reason.
Result<Digest> digest_of(const KeyArgument& key, const Target& target);

}  // namespace firstseen
