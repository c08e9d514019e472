#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <functional>
#include <string>

#include "base/file_descriptor.h"

namespace firstseen::test {

/// Runs `work` in a forked child, which then ends without anything that this process would do at its end.
inline pid_t forked(const std::function<void()>& work) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  work();
  ::_exit(0);
}

inline int status_of(pid_t child) {
  int status = -1;
  ::waitpid(child, &status, 0);
  return status;
}

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{-1, -1};
    if (::pipe(ends.data()) != 0) std::abort();
    reading = FileDescriptor(ends[0]);
    writing = FileDescriptor(ends[1]);
  }
  FileDescriptor reading;
  FileDescriptor writing;
};

/// Everything up to the end of all writers.
inline std::string read_all(const FileDescriptor& from) {
  std::string text;
  for (char byte = 0; ::read(from.get(), &byte, 1) == 1;) text += byte;
  return text;
}

using ForkAs = pid_t (*)();

/// A forked child that has this process's open files, as far as it keeps them, and does nothing until this object goes.
class IdleChild {
 public:
  /// `fork_as`: another way to make a child than fork().
  explicit IdleChild(ForkAs fork_as = ::fork) : child_(fork_as()) {
    if (child_ == 0) {
      ready_.writing = FileDescriptor();
      end_.writing = FileDescriptor();
      read_all(end_.reading);
      ::_exit(0);
    }
    ready_.writing = FileDescriptor();
    read_all(ready_.reading);  // now it runs, and has let go of what it does not keep
  }
  ~IdleChild() {
    end_.writing = FileDescriptor();
    status_of(child_);
  }
  IdleChild(const IdleChild&) = delete;
  IdleChild& operator=(const IdleChild&) = delete;
  IdleChild(IdleChild&&) = delete;
  IdleChild& operator=(IdleChild&&) = delete;

 private:
  Pipe ready_;
  Pipe end_;
  const pid_t child_;
};

}  // namespace firstseen::test
