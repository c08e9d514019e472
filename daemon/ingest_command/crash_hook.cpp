#include "ingest_command/crash_hook.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <string_view>

namespace firstseen::ingest_command {

Result<ingest::StepHook> crash_hook_from_environment() {
  constexpr const char* variable = "FIRSTSEEN_CRASH_AT";
  const char* set = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe): read before any thread is started
  if (set == nullptr) return ingest::StepHook();
  const std::string_view text = set;
  const std::size_t colon = std::min(text.find(':'), text.size());
  const auto name = std::ranges::find(ingest::step_names, text.substr(0, colon));
  std::uint64_t count = 1;
  const char* end = text.data() + text.size();
  const char* digits = text.data() + std::min(colon + 1, text.size());
  const bool counted = colon == text.size() || std::from_chars(digits, end, count).ptr == end;
  if (name == ingest::step_names.end() || !counted || count == 0) {
    return fail(Exit::usage, fmt::format("{}='{}' is not STEP[:COUNT] with COUNT from 1 and STEP one of {}", variable,
                                         text, fmt::join(ingest::step_names, ", ")));
  }
  const auto step = static_cast<ingest::Step>(name - ingest::step_names.begin());
  const auto remaining = std::make_shared<std::atomic<std::uint64_t>>(count);
  return ingest::StepHook([step, remaining](ingest::Step reached) {
    if (reached == step && remaining->fetch_sub(1) == 1) static_cast<void>(std::raise(SIGKILL));
  });
}

}  // namespace firstseen::ingest_command
