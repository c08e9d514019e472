#pragma once

#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/wait.h>

#include <cerrno>

#include "component/daemon/program.h"

namespace firstseen::test {

/// The main thread of a child process stands still while this lives; its other threads go on. For the thread that made
/// it, and while nobody else waits for the child.
class HeldThread {
 public:
  explicit HeldThread(pid_t child) : child_(child), seized_(::ptrace(PTRACE_SEIZE, child, nullptr, nullptr) == 0) {
    refused_ = !seized_ && errno == EPERM;
    if (!seized_ || ::ptrace(PTRACE_INTERRUPT, child, nullptr, nullptr) != 0) return;
    int status = 0;
    stands_ = eventually([&] { return ::waitpid(child_, &status, WNOHANG | __WALL) == child_; }) && WIFSTOPPED(status);
  }
  ~HeldThread() {
    if (seized_) ::ptrace(PTRACE_DETACH, child_, nullptr, nullptr);
  }
  HeldThread(const HeldThread&) = delete;
  HeldThread& operator=(const HeldThread&) = delete;
  HeldThread(HeldThread&&) = delete;
  HeldThread& operator=(HeldThread&&) = delete;

  [[nodiscard]] bool stands() const { return stands_; }
  /// Here a parent may not trace its child.
  [[nodiscard]] bool refused() const { return refused_; }

 private:
  pid_t child_;
  bool seized_;
  bool refused_ = false;
  bool stands_ = false;
};

}  // namespace firstseen::test
