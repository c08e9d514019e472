#pragma once

#include <signal.h>
#include <sys/types.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "store/directory.h"

namespace firstseen::exec {

struct ChildOptions {
  std::vector<std::string> command;  ///< the program, searched in PATH, and its arguments
  bool own_group = true;             ///< a process group of its own, which signals are sent to
  sigset_t signal_mask{};            ///< the mask that the command starts with
  int keep_open = -1;                ///< a descriptor, none of 0 to 2, that the command gets a copy of
};

/// A command that runs, or why it does not.
struct Child {
  pid_t pid = -1;  ///< -1: not started
  int error = 0;   ///< the errno of a command that could not be started
  store::FileDescriptor out;
  store::FileDescriptor err;  ///< the reading ends of pipes
};

/// Starts a command with this process's stdin, environment and directory. It gets SIGKILL when this thread ends, so
/// that it does not outlive its guard (its own children, and set-user-ID programs, may). Fails only for want of pipes
/// or processes.
Result<Child> start_child(const ChildOptions& options);

}  // namespace firstseen::exec
