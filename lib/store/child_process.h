#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/error.h"

namespace firstseen::store {

/// Runs `work` in a forked child and waits for it, so that a crash in it costs nothing but its result. Returns the name
/// of the signal when it died of bad memory (SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL), nothing when it ended well; an
/// Error of `work` is passed on with its class; an end of another kind (killed, an exception) is an Error, too. The
/// child dies with this process.
Result<std::optional<std::string>> run_in_child(const std::function<Result<void>()>& work);

}  // namespace firstseen::store
