#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>
#include <termios.h>

#include <string>
#include <vector>

#include "control/socket.h"

namespace firstseen::test {

/// Adds what has been written to this terminal and nobody has read yet.
void read_screen(const control::Fd& screen, std::string& seen);

/// The firstseen program on a terminal of its own, as a person has it; killed and reaped at the latest when this is
/// destroyed.
class OnTerminal {
 public:
  OnTerminal(const std::vector<std::string>& arguments, unsigned short rows, unsigned short columns);
  ~OnTerminal();
  OnTerminal(const OnTerminal&) = delete;
  OnTerminal& operator=(const OnTerminal&) = delete;
  OnTerminal(OnTerminal&&) = delete;
  OnTerminal& operator=(OnTerminal&&) = delete;

  /// Waits until it has written this since the last call that found something.
  ::testing::AssertionResult shows(const std::string& text);
  void type(char key) const;
  void signal(int number) const;
  void resize(unsigned short rows, unsigned short columns) const;
  /// Its exit status, once it has ended; -1 when it does not.
  int status();
  /// Are modes, screen and cursor as they were?
  [[nodiscard]] bool is_as_before() const;
  /// All that it has written and that one of the calls above has read.
  [[nodiscard]] const std::string& seen() const { return seen_; }

 private:
  control::Fd screen_;
  control::Fd terminal_;
  termios before_{};
  pid_t pid_ = -1;
  std::string seen_;
  std::size_t from_ = 0;
};

}  // namespace firstseen::test
