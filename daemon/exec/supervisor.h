#pragma once

#include <signal.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "exec/command_result.h"

namespace firstseen::exec {

struct SupervisorOptions {
  std::vector<std::string> command;
  int keep_open = -1;             ///< a descriptor, none of 0 to 2, that the command and what it starts get a copy of
  std::optional<Millis> timeout;  ///< then SIGTERM
  Millis kill_after{10'000};      ///< after SIGTERM; then SIGKILL
  std::uint64_t keep_bytes = 0;   ///< of each of stdout and stderr
  Millis heartbeat_every{20'000};
  std::function<bool()> heartbeat;  ///< false: the command is to be ended with SIGTERM
};

/// The signals that are passed on to the command.
sigset_t passed_signals();

/// Blocks the passed signals and SIGCHLD, and ignores SIGPIPE; the destructor undoes the blocking.
class SignalGuard {
 public:
  SignalGuard();
  ~SignalGuard();
  SignalGuard(const SignalGuard&) = delete;
  SignalGuard& operator=(const SignalGuard&) = delete;
  SignalGuard(SignalGuard&&) = delete;
  SignalGuard& operator=(SignalGuard&&) = delete;

  /// The mask before.
  [[nodiscard]] const sigset_t& previous() const { return previous_; }
  /// Has one of the passed signals arrived that would have ended this process?
  [[nodiscard]] bool ending() const;

 private:
  sigset_t previous_{};
};

/// Writes what is still to be shown; may wait for whoever reads it.
using Flush = std::function<void()>;

struct Supervised {
  CommandResult result;
  Flush flush;
};

/// Runs a command to its end, passing on output as it comes and signals as they arrive: to its process group, or, where
/// stdin is a terminal, to the command alone, which then shares this process's group and gets the keyboard's signals
/// from the terminal. Whatever the command leaves behind in its group is killed after a timeout, and otherwise left
/// alone.
Result<Supervised> supervise(const SupervisorOptions& options, const SignalGuard& signals);

}  // namespace firstseen::exec
