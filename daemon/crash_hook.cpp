#include "crash_hook.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdlib>

namespace firstseen {
namespace {

constexpr const char* variable = "FIRSTSEEN_CRASH_AT";

tl::unexpected<Error> usage(std::string_view text) {
  return fail(Exit::usage, fmt::format("{}='{}' is not STEP[:COUNT] with COUNT from 1 and STEP one of {}", variable,
                                       text, fmt::join(dedup::step_names, ", ")));
}

}  // namespace

Result<std::unique_ptr<CrashHook>> CrashHook::parse(std::string_view text) {
  const std::size_t colon = text.find(':');
  const auto name = std::ranges::find(dedup::step_names, text.substr(0, colon));
  if (name == dedup::step_names.end()) return usage(text);
  std::uint64_t count = 1;
  if (colon != std::string_view::npos) {
    const std::string_view digits = text.substr(colon + 1);
    const char* end = digits.data() + digits.size();
    // from_chars takes a range, not a terminated text.
    const auto [stopped_at, error] =
        std::from_chars(digits.data(), end, count);  // NOLINT(bugprone-suspicious-stringview-data-usage)
    if (error != std::errc{} || stopped_at != end || count == 0) return usage(text);
  }
  return std::make_unique<CrashHook>(static_cast<dedup::Step>(name - dedup::step_names.begin()), count);
}

void CrashHook::at(dedup::Step step) {
  if (step == step_ && --remaining_ == 0) static_cast<void>(std::raise(SIGKILL));
}

std::string CrashHook::describe() const {
  return fmt::format("{} is set: this process kills itself at the {}th '{}'", variable, remaining_,
                     dedup::step_name(step_));
}

Result<std::unique_ptr<CrashHook>> crash_hook_from_environment() {
  const char* text = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe): read before any thread is started
  if (text == nullptr) return nullptr;
  return CrashHook::parse(text);
}

}  // namespace firstseen
