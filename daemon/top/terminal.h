#pragma once

#include <termios.h>

#include <csignal>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "control/socket.h"
#include "top/frame.h"

namespace firstseen::top {

/// The terminal that stdout is, taken over for a program that draws: its second screen, no cursor, and keys that are
/// read one by one without being shown. Given back as it was by the destructor. One thread.
///
/// SIGINT, SIGTERM, SIGHUP and SIGWINCH are blocked from the construction on, in this thread and those that it makes
/// later, and come out of wait(): so no signal but SIGKILL and SIGSTOP leaves the terminal taken over.
class Terminal {
 public:
  Terminal();
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  Terminal(Terminal&&) = delete;
  Terminal& operator=(Terminal&&) = delete;

  /// Is there one: is stdout a terminal?
  static bool exists();

  enum class Event { nothing, resized, leave };
  /// Until something happens or the time is over. leave: q, Ctrl-C, Ctrl-D, a signal that asks to, or the terminal is
  /// gone.
  [[nodiscard]] Event wait(Millis limit);
  /// As it is now; a usual one if it does not tell.
  [[nodiscard]] Size size() const;
  /// Exit::io when the terminal takes nothing more.
  Result<void> write(std::string_view text);

 private:
  [[nodiscard]] Event read_signal() const;
  Event read_keys();

  control::Fd signals_;
  sigset_t blocked_before_{};
  termios before_{};
  bool keys_ = false;  ///< stdin is a terminal, too, and gives keys
};

}  // namespace firstseen::top
