#pragma once

#include <memory>
#include <string>

#include "base/log.h"

namespace firstseen {

enum class LogFormat { text, json };

/// Makes the sink for everything the program logs: one line per event on stderr, thread-safe. Line ends and other
/// control characters within an event are escaped, so that no payload can forge a line.
LogSink make_log(LogLevel least, LogFormat format);

}  // namespace firstseen
