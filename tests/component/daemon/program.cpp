#include "component/daemon/program.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace firstseen::test {
namespace {

std::string temporary_file() {
  std::string path = "/tmp/firstseen-output-XXXXXX";
  const int fd = ::mkstemp(path.data());
  if (fd < 0) throw std::runtime_error("mkstemp");
  ::close(fd);
  return path;
}

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// This process's environment with some variables replaced.
std::vector<std::string> merged(const Program::Environment& changes) {
  std::vector<std::string> merged;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (!changes.contains(text.substr(0, text.find('=')))) merged.push_back(text);
  }
  for (const auto& [name, value] : changes) merged.push_back(name + "=" + value);
  return merged;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

Program::Program(const std::vector<std::string>& arguments, const Environment& environment, const std::string& input)
    : out_path_(temporary_file()), err_path_(temporary_file()) {
  const std::string in_path = temporary_file();
  std::ofstream(in_path, std::ios::binary) << input;
  std::vector<std::string> command{FIRSTSEEN_PROGRAM};
  command.insert(command.end(), arguments.begin(), arguments.end());
  std::vector<std::string> variables = merged(environment);

  posix_spawn_file_actions_t actions{};
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, in_path.c_str(), O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out_path_.c_str(), O_WRONLY | O_APPEND, 0);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, err_path_.c_str(), O_WRONLY | O_APPEND, 0);
  const int error =
      ::posix_spawn(&pid_, FIRSTSEEN_PROGRAM, &actions, nullptr, pointers(command).data(), pointers(variables).data());
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw std::runtime_error("cannot start " FIRSTSEEN_PROGRAM);
  pid_fd_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  ::unlink(in_path.c_str());  // before or after the child has opened it: posix_spawn returns after exec
}

Program::~Program() {
  if (running()) {
    signal(SIGKILL);
    wait();
  }
  ::close(pid_fd_);
  ::unlink(out_path_.c_str());
  ::unlink(err_path_.c_str());
}

void Program::signal(int number) const {
  if (pid_ > 0) ::kill(pid_, number);
}

bool Program::running() {
  if (pid_ <= 0) return false;
  pollfd entry{.fd = pid_fd_, .events = POLLIN, .revents = 0};
  return ::poll(&entry, 1, 0) == 0;
}

Finished Program::wait(std::chrono::milliseconds limit) {
  if (pid_ > 0) {
    pollfd entry{.fd = pid_fd_, .events = POLLIN, .revents = 0};
    const bool ended = ::poll(&entry, 1, static_cast<int>(limit.count())) == 1;
    if (!ended) signal(SIGKILL);
    int raw = 0;
    ::waitpid(pid_, &raw, 0);
    pid_ = -1;
    if (ended) status_ = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
  }
  return {.status = status_, .out = contents(out_path_), .err = contents(err_path_)};
}

std::string Program::log() const { return contents(err_path_); }

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
