#pragma once

#include <filesystem>
#include <string>

#include "base/error.h"
#include "forgotten.h"

namespace firstseen {

/// What `firstseen store` does with a ledger of `firstseen ingest`. Those that return an exit status have printed
/// their result. Files are named by their paths, relative ones from here.
Exit show_ledger_stats(const std::filesystem::path& directory, bool as_json);
Exit look_up_file(const std::filesystem::path& directory, const std::string& path, bool as_json);
Exit list_files(const std::filesystem::path& directory, const std::string& prefix, bool as_json);
Result<Forgotten> forget_file(const std::filesystem::path& directory, const std::string& path);

}  // namespace firstseen
