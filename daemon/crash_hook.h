#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "dedup/steps.h"

namespace firstseen {

/// Kills the process with SIGKILL at the chosen occurrence of a step; what the crash tests are made of. Set by
/// FIRSTSEEN_CRASH_AT=STEP[:COUNT], never by the configuration.
class CrashHook final : public dedup::StepHook {
 public:
  /// STEP is one of dedup::step_names, COUNT at least 1 (default 1); anything else is Exit::usage.
  static Result<std::unique_ptr<CrashHook>> parse(std::string_view text);

  CrashHook(dedup::Step step, std::uint64_t count) : step_(step), remaining_(count) {}

  void at(dedup::Step step) override;
  [[nodiscard]] std::string describe() const;

 private:
  dedup::Step step_;
  std::uint64_t remaining_;
};

/// The hook that the environment asks for; null when FIRSTSEEN_CRASH_AT is not set.
Result<std::unique_ptr<CrashHook>> crash_hook_from_environment();

}  // namespace firstseen
