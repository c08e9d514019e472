#include "exec/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace firstseen::exec {
namespace {

using store::FileDescriptor;

/// Scripts redirect descriptors of one digit by their number, and shells give out those from 10 on.
constexpr int beyond_scripts = 100;

struct Pipe {
  FileDescriptor reading;
  FileDescriptor writing;
};

tl::unexpected<Error> no_resources(const char* what) {
  return fail(Action::retry, Exit::internal, fmt::format("cannot make a {}: {}", what, std::strerror(errno)));
}

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return no_resources("pipe");
  return Pipe{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

/// In the child; only calls that are safe between fork and exec.
[[noreturn]] void become(const ChildOptions& options, char* const* arguments, pid_t guard, int out, int err,
                         int report) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != guard) ::_exit(127);  // it died before it could be watched
  if (options.own_group) ::setpgid(0, 0);
  ::signal(SIGPIPE, SIG_DFL);
  ::pthread_sigmask(SIG_SETMASK, &options.signal_mask, nullptr);
  if (options.keep_open >= 0 && ::fcntl(options.keep_open, F_DUPFD, beyond_scripts) < 0) {
    ::fcntl(options.keep_open, F_SETFD, 0);
  }
  if (::dup2(out, STDOUT_FILENO) >= 0 && ::dup2(err, STDERR_FILENO) >= 0) ::execvp(arguments[0], arguments);
  const int error = errno;
  if (::write(report, &error, sizeof error) < 0) ::_exit(126);
  ::_exit(127);
}

/// The errno that the child could not become the command with; 0 when it did.
int read_error(int fd) {
  int error = 0;
  ssize_t got = 0;
  while ((got = ::read(fd, &error, sizeof error)) < 0 && errno == EINTR) continue;
  return got == static_cast<ssize_t>(sizeof error) ? error : 0;
}

}  // namespace

Result<Child> start_child(const ChildOptions& options) {
  auto out = make_pipe();
  auto err = make_pipe();
  auto report = make_pipe();
  if (!out || !err || !report) return forward(!out ? out.error() : !err ? err.error() : report.error());
  std::vector<std::string> words = options.command;
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t guard = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return no_resources("process");
  if (pid == 0) {
    become(options, arguments.data(), guard, out->writing.get(), err->writing.get(), report->writing.get());
  }
  if (options.own_group) ::setpgid(pid, pid);  // also here, so that it is done whoever comes first
  report->writing = FileDescriptor();
  Child child{.pid = pid,
              .error = read_error(report->reading.get()),
              .out = std::move(out->reading),
              .err = std::move(err->reading)};
  if (child.error == 0) return child;
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) continue;
  child.pid = -1;
  return child;
}

}  // namespace firstseen::exec
