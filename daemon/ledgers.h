#pragma once

#include <filesystem>
#include <string>

#include "base/error.h"

namespace firstseen {

/// What `firstseen store` does with a ledger of `firstseen ingest`. Each prints its result and returns the exit status.
/// Files are named by their paths, relative ones from here.
Exit show_ledger_stats(const std::filesystem::path& directory, bool as_json);
Exit look_up_file(const std::filesystem::path& directory, const std::string& path, bool as_json);
Exit forget_file(const std::filesystem::path& directory, const std::string& path);
Exit list_files(const std::filesystem::path& directory, const std::string& prefix, bool as_json);

}  // namespace firstseen
