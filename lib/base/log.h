#pragma once

#include <functional>
#include <string>

namespace firstseen {

enum class LogLevel { debug, info, warning, error };

/// Where a library part reports what a person should know; one event per call, no line ends. May be empty.
using LogSink = std::function<void(LogLevel, const std::string&)>;

}  // namespace firstseen
