#include "component/daemon/program.h"

#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

namespace firstseen::test {
namespace {

/// A file without a name, so that nothing of it can be left behind.
int nameless_file() {
  const int fd = ::memfd_create("firstseen-test", MFD_CLOEXEC);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "memfd_create");
  return fd;
}

std::string contents(const control::Fd& file) {
  std::string text;
  std::array<char, 65536> piece{};
  while (true) {
    const ssize_t got = ::pread(file.get(), piece.data(), piece.size(), static_cast<off_t>(text.size()));
    if (got <= 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
}

/// This process's environment with some variables replaced.
std::vector<std::string> merged(const Program::Environment& changes) {
  std::vector<std::string> merged;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (!changes.contains(text.substr(0, text.find('=')))) merged.push_back(text);
  }
  for (const auto& [name, value] : changes) merged.push_back(fmt::format("{}={}", name, value));
  return merged;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

std::string firstseen_program() { return FIRSTSEEN_PROGRAM; }

Program::Program(const std::string& path, const std::vector<std::string>& arguments, const Environment& environment,
                 const std::string& input)
    : out_(nameless_file()), err_(nameless_file()) {
  const control::Fd in(nameless_file());
  if (::pwrite(in.get(), input.data(), input.size(), 0) != static_cast<ssize_t>(input.size())) {
    throw std::system_error(errno, std::generic_category(), "the program's input");
  }
  std::vector<std::string> command{path};
  command.insert(command.end(), arguments.begin(), arguments.end());
  std::vector<std::string> variables = merged(environment);

  posix_spawn_file_actions_t actions{};
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out_.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err_.get(), STDERR_FILENO);
  const int error =
      ::posix_spawn(&pid_, path.c_str(), &actions, nullptr, pointers(command).data(), pointers(variables).data());
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw std::system_error(error, std::generic_category(), path);
  pid_fd_ = control::Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
}

Program::~Program() {
  if (running()) {
    signal(SIGKILL);
    wait();
  }
}

void Program::signal(int number) const {
  if (pid_ > 0) ::kill(pid_, number);
}

bool Program::running() {
  if (pid_ <= 0) return false;
  pollfd entry{.fd = pid_fd_.get(), .events = POLLIN, .revents = 0};
  return ::poll(&entry, 1, 0) == 0;
}

Finished Program::wait(std::chrono::milliseconds limit) {
  if (pid_ > 0) {
    pollfd entry{.fd = pid_fd_.get(), .events = POLLIN, .revents = 0};
    const bool ended = ::poll(&entry, 1, static_cast<int>(limit.count())) == 1;
    if (!ended) signal(SIGKILL);
    int raw = 0;
    ::waitpid(pid_, &raw, 0);
    pid_ = -1;
    if (ended) status_ = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
  }
  return {.status = status_, .out = contents(out_), .err = contents(err_)};
}

std::string Program::output() const { return contents(out_); }

std::string Program::log() const { return contents(err_); }

Finished run(const std::vector<std::string>& arguments, const Program::Environment& environment,
             const std::string& input) {
  return Program(arguments, environment, input).wait();
}

bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    ::poll(nullptr, 0, 10);  // between two looks
  }
  return true;
}

}  // namespace firstseen::test
