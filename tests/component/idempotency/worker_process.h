#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace firstseen::test {

/// The worker program as a child process, with pipes at its stdin and stdout; killed and reaped at the latest when this
/// is destroyed.
class WorkerProcess {
 public:
  explicit WorkerProcess(const std::vector<std::string>& arguments);
  ~WorkerProcess();
  WorkerProcess(WorkerProcess&& other) noexcept;
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;
  WorkerProcess& operator=(WorkerProcess&&) = delete;

  void kill() const;
  /// One line of its stdout; empty at the end.
  [[nodiscard]] std::string line() const;
  /// Lets a worker that said it was ready begin.
  void go() const;
  /// Closes its stdin.
  void release();
  /// Waits for the end: its exit status, or 128 + the signal that ended it.
  int wait();
  /// Has it ended?
  bool ended();

 private:
  pid_t pid_ = -1;
  int in_ = -1;
  int out_ = -1;
  int status_ = -1;
};

}  // namespace firstseen::test
