#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>

#include "base/error.h"
#include "store/seen_store.h"

namespace firstseen::store {

/// Exit::config, naming old and new, when one of the wanted pins has another value in the store; a pin that the store
/// does not have differs from nothing. `directory` is named in the Error.
Result<void> check_pins(const std::filesystem::path& directory, const std::map<std::string, std::string>& kept,
                        std::span<const Pin> wanted);

}  // namespace firstseen::store
