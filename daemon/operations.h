#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/error.h"
#include "forgotten.h"
#include "idempotency/result_store.h"

namespace firstseen {

/// Where `firstseen exec` keeps its records unless told otherwise: $XDG_STATE_HOME/firstseen/operations; without that
/// variable /var/lib/firstseen/operations for root and ~/.local/state/firstseen/operations for others. Exit::usage when
/// there is no home.
Result<std::filesystem::path> default_operations_directory();

/// `given`, or the default directory, whose parents are made.
Result<std::filesystem::path> operations_directory(const std::string& given);

/// What `firstseen store` does with a store of operations. Those that return an exit status have printed their result.
Exit show_operation_stats(const std::filesystem::path& directory, bool as_json);
Exit look_up_operation(const std::filesystem::path& directory, const std::string& key, bool as_json);
Exit list_operations(const std::filesystem::path& directory, const std::string& prefix, bool as_json);
/// Exit::try_again while it runs, or is begun at this very moment.
Result<Forgotten> forget_operation(const std::filesystem::path& directory, const std::string& key);

}  // namespace firstseen
