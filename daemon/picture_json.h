#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "board.h"
#include "output.h"
#include "recent.h"

namespace firstseen {

/// What a status says of the daemon beside its slot; the members are named in daemon/README.md. The verdict is that of
/// the page /status.
void add_daemon(const Picture& picture, Json& status);

/// The rates now, and each sample of the last hour: what the page's charts show.
void add_course(const std::vector<Sample>& samples, Json& status);

}  // namespace firstseen
