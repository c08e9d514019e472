#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>

#include "base/clock.h"
#include "base/error.h"

namespace firstseen::control {

/// Asks the daemon that listens at `path` and returns the reply's "result". Fails with Exit::unavailable when no daemon
/// runs there, and with the daemon's own words and exit status when it refuses.
Result<nlohmann::ordered_json> ask(const std::filesystem::path& path, const nlohmann::ordered_json& request,
                                   Millis limit);

}  // namespace firstseen::control
