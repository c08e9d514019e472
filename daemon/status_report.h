#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "board.h"
#include "dedup/status.h"
#include "output.h"
#include "recent.h"

namespace firstseen {

/// running, rebuilding or stopped.
std::string_view mode_name(dedup::PartitionMode mode);

/// How the daemon is: what the page /status shows, as /status.json, the control socket and `firstseen status --json`
/// tell it. The members are named in daemon/README.md.
Json status_to_json(const Picture& picture, const History& history = {});

/// The state in a line, with what is wrong: "running: 1 of 3 partitions stopped".
std::string status_headline(const Json& status);

/// "25 ms", "12 s": not exact.
std::string latency_text(double ms);

/// The same for people, in 40 lines at most, however many partitions and windows there are.
std::string status_to_text(const Json& status);

/// The verdict and why: "unready: broker, since ...: connection refused".
std::string verdict_headline(const Json& status);

/// Healthy is alive, ready, and no partition stopped. ok, or try_again for a daemon that does not do its work.
Exit health_of(const Json& status);

}  // namespace firstseen
