#pragma once

#include <CLI/App.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "base/error.h"

namespace firstseen {

/// Which store, or the daemon that holds it, a command is about: by configuration file or directly.
struct Target {
  std::string config;  ///< --config FILE
  std::string store;   ///< --store DIR, the configuration's store.path
};

/// Adds --config and --store to a command; exactly one of them must be given.
void add_target(CLI::App& command, const std::shared_ptr<Target>& target);

/// Adds the same for commands that also know the stores of other commands: neither means the default directory of
/// `firstseen exec`.
void add_any_target(CLI::App& command, const std::shared_ptr<Target>& target);

/// store.path of the target; the default directory of `firstseen exec` when it names neither.
Result<std::filesystem::path> store_path(const Target& target);

}  // namespace firstseen
