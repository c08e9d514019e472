#pragma once

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/error.h"
#include "output.h"
#include "target.h"

namespace firstseen {

/// Asks the daemon that holds the target's store; fails as control::ask() does.
Result<Json> ask_daemon(const Target& target, const Json& request, Millis limit);

/// Asks for an answer in words and prints it, or why there is none.
Exit print_answer(const Target& target, const Json& request, Millis limit);

}  // namespace firstseen
