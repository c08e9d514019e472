#pragma once

#include "base/error.h"
#include "configuration.h"
#include "logging.h"
#include "reloader.h"

namespace firstseen {

/// Runs the daemon in this thread until SIGTERM or SIGINT (which block_signals() must have blocked before any thread
/// was started), or until a person must act. SIGHUP and the control socket make it `read` the configuration again.
/// Returns the program's exit status, ok after a clean stop; what went wrong has been logged.
Exit run_service(Configuration configuration, const Log& log, ReadConfiguration read);

}  // namespace firstseen
