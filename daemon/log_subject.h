#pragma once

#include <string>
#include <string_view>

#include "base/log.h"

namespace firstseen {

/// What lines that say the same have in common: level and text, but for how long something took or will take.
std::string log_subject(LogLevel level, std::string_view text);

}  // namespace firstseen
