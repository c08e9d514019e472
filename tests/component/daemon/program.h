#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "control/socket.h"

namespace firstseen::test {

/// How long a condition may take on a slow, busy machine under a sanitizer.
inline constexpr std::chrono::seconds patience{60};

/// What a finished program left behind.
struct Finished {
  int status = -1;  ///< exit status; 128 + signal when killed by one
  std::string out;
  std::string err;
};

/// Where the firstseen program is.
std::string firstseen_program();

/// The firstseen program as a child process; killed and reaped at the latest when this is destroyed.
class Program {
 public:
  using Environment = std::map<std::string, std::string>;
  explicit Program(const std::vector<std::string>& arguments, const Environment& environment = {},
                   const std::string& input = "")
      : Program(firstseen_program(), arguments, environment, input) {}
  /// Another program, by its path.
  Program(const std::string& path, const std::vector<std::string>& arguments, const Environment& environment,
          const std::string& input);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  Program(Program&&) = delete;
  Program& operator=(Program&&) = delete;

  void signal(int number) const;
  [[nodiscard]] pid_t pid() const { return pid_; }
  /// Waits for the end; status -1 when it does not end in time (it is killed then).
  Finished wait(std::chrono::milliseconds limit = patience);
  [[nodiscard]] bool running();
  /// What it has written to stdout so far.
  [[nodiscard]] std::string output() const;
  /// What it has written to stderr so far.
  [[nodiscard]] std::string log() const;

 private:
  pid_t pid_ = -1;
  int status_ = -1;
  control::Fd pid_fd_;
  control::Fd out_;
  control::Fd err_;
};

/// Runs the program to its end.
Finished run(const std::vector<std::string>& arguments, const Program::Environment& environment = {},
             const std::string& input = "");

/// Waits until the condition holds; false at the deadline.
bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds limit = patience);

}  // namespace firstseen::test
