#include "store/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "store/directory.h"

namespace firstseen::store {
namespace {

constexpr std::array crash_signals = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};

/// An Error as bytes for the pipe: its class, then its message.
struct ErrorHead {
  Action action = Action::stop;
  Exit exit = Exit::internal;
};

std::string pack(const Error& error) {
  const ErrorHead head{error.action, error.exit};
  std::string bytes(sizeof head, '\0');
  std::memcpy(bytes.data(), &head, sizeof head);
  return bytes + error.message;
}

std::optional<Error> unpack(const std::string& bytes) {
  ErrorHead head;
  if (bytes.size() <= sizeof head) return {};
  std::memcpy(&head, bytes.data(), sizeof head);
  return Error{.action = head.action, .exit = head.exit, .message = bytes.substr(sizeof head)};
}

[[noreturn]] void child_main(int report, pid_t parent, const std::function<Result<void>()>& work) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  for (const int signal : crash_signals) ::signal(signal, SIG_DFL);
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  int status = 0;
  try {
    const auto done = work();
    if (!done) {
      status = 1;
      const std::string error = pack(done.error());
      if (::write(report, error.data(), error.size()) < 0) status = 2;
    }
  } catch (...) {
    status = 2;
  }
  _exit(status);
}

std::string read_all(int fd) {
  std::string text;
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace

Result<std::optional<std::string>> run_in_child(const std::function<Result<void>()>& work) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return fail(Exit::internal, fmt::format("pipe: {}", std::strerror(errno)));
  const FileDescriptor reading(ends[0]);
  FileDescriptor writing(ends[1]);
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) return fail(Exit::internal, fmt::format("fork: {}", std::strerror(errno)));
  if (child == 0) child_main(writing.get(), parent, work);
  writing = FileDescriptor();
  const std::string reported = read_all(reading.get());
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return std::optional<std::string>();
  if (WIFSIGNALED(status) &&
      std::find(crash_signals.begin(), crash_signals.end(), WTERMSIG(status)) != crash_signals.end()) {
    return std::optional<std::string>(strsignal(WTERMSIG(status)));
  }
  if (auto error = unpack(reported)) return forward(std::move(*error));
  return fail(Exit::io, WIFSIGNALED(status)
                            ? fmt::format("a child process was ended by {}", strsignal(WTERMSIG(status)))
                            : "a child process ran out of memory");
}

}  // namespace firstseen::store
