#include "logging.h"

#include <fmt/format.h>
#include <spdlog/formatter.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/one_line.h"
#include "output.h"

namespace firstseen {
namespace {

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      break;
  }
  return spdlog::level::err;
}

std::string_view name_of(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::debug:
      return "debug";
    case spdlog::level::info:
      return "info";
    case spdlog::level::warn:
      return "warning";
    default:
      return "error";
  }
}

class LineFormatter final : public spdlog::formatter {
 public:
  explicit LineFormatter(LogFormat format) : format_(format) {}

  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(message.time.time_since_epoch()).count();
    const std::string_view text(message.payload.data(), message.payload.size());
    std::string line;
    if (format_ == LogFormat::json) {
      const Json event{{"time", format_time(ms)}, {"level", name_of(message.level)}, {"message", text}};
      line = event.dump(-1, ' ', false, Json::error_handler_t::replace);
    } else {
      line = fmt::format("{} {:<7} {}", format_time(ms), name_of(message.level), on_one_line(text));
    }
    line += '\n';
    out.append(line.data(), line.data() + line.size());
  }

  [[nodiscard]] std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<LineFormatter>(format_);
  }

 private:
  LogFormat format_;
};

}  // namespace

Log::Log(LogLevel least, LogFormat format)
    : logger_(std::make_shared<spdlog::logger>("firstseen", std::make_shared<spdlog::sinks::stderr_sink_mt>())) {
  logger_->flush_on(spdlog::level::debug);
  change(least, format);
}

LogSink Log::sink() const {
  return [logger = logger_](LogLevel level, const std::string& event) { logger->log(to_spdlog(level), "{}", event); };
}

void Log::change(LogLevel least, LogFormat format) const {
  logger_->set_formatter(std::make_unique<LineFormatter>(format));
  logger_->set_level(to_spdlog(least));
}

LogSink make_log(LogLevel least, LogFormat format) { return Log(least, format).sink(); }

}  // namespace firstseen
