#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "dedup/status.h"
#include "output.h"
#include "recent.h"
#include "shown_configuration.h"

namespace firstseen {

/// running, rebuilding or stopped.
std::string_view mode_name(dedup::PartitionMode mode);

/// A slot's status as `firstseen status --json` prints it and the control socket sends it; the members are named in
/// daemon/README.md. `configuration` may be null.
Json status_to_json(const dedup::SlotStatus& status, const History& history = {},
                    const ShownConfiguration* configuration = nullptr);

/// The state in a line, with what is wrong: "running: 1 of 3 partitions stopped".
std::string status_headline(const Json& status);

/// The same for people.
std::string status_to_text(const Json& status);

/// Healthy is running with no partition stopped. ok, or try_again for a daemon that lives but does not do its work.
Exit health_of(const Json& status);

}  // namespace firstseen
