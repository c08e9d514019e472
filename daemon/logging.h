#pragma once

#include <memory>
#include <string>

#include "base/log.h"

namespace spdlog {
class logger;  // NOLINT(readability-identifier-naming): spdlog names it
}

namespace firstseen {

enum class LogFormat { text, json };

/// Everything the program logs: one line per event on stderr, thread-safe. Line ends and other control characters
/// within an event are escaped, so that no payload can forge a line. Level and format may be changed while it is used;
/// copies are the same log.
class Log {
 public:
  Log(LogLevel least, LogFormat format);
  [[nodiscard]] LogSink sink() const;
  void change(LogLevel least, LogFormat format) const;

 private:
  std::shared_ptr<spdlog::logger> logger_;
};

/// The sink of a log that nobody changes.
LogSink make_log(LogLevel least, LogFormat format);

}  // namespace firstseen
