// The line on a terminal that tells how far a filter has come.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>

#include "component/daemon/on_terminal.h"
#include "component/daemon/program.h"

namespace firstseen::test {
namespace {

/// A filter whose stderr is a terminal and whose stdin is fed as it runs; its stdout goes nowhere. Reaped at the end.
class FilterOnTerminal {
 public:
  FilterOnTerminal() {
    int screen = -1;
    int terminal = -1;
    std::array<int, 2> pipe{};
    if (::openpty(&screen, &terminal, nullptr, nullptr, nullptr) != 0 || ::pipe2(pipe.data(), O_CLOEXEC) != 0) return;
    screen_ = control::Fd(screen);
    terminal_ = control::Fd(terminal);
    input_ = control::Fd(pipe[1]);
    const control::Fd other_end(pipe[0]);
    posix_spawn_file_actions_t actions{};
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pipe[0], STDIN_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, terminal, STDERR_FILENO);
    std::string program = firstseen_program();
    std::string word = "filter";
    std::array<char*, 3> words{program.data(), word.data(), nullptr};
    if (::posix_spawn(&pid_, program.c_str(), &actions, nullptr, words.data(), environ) != 0) pid_ = -1;
    posix_spawn_file_actions_destroy(&actions);
  }
  ~FilterOnTerminal() { end(); }
  FilterOnTerminal(const FilterOnTerminal&) = delete;
  FilterOnTerminal& operator=(const FilterOnTerminal&) = delete;
  FilterOnTerminal(FilterOnTerminal&&) = delete;
  FilterOnTerminal& operator=(FilterOnTerminal&&) = delete;

  void feed(const std::string& line) {
    ASSERT_EQ(::write(input_.get(), line.data(), line.size()), static_cast<ssize_t>(line.size()));
  }
  /// What the terminal has got so far.
  const std::string& seen() {
    read_screen(screen_, seen_);
    return seen_;
  }
  /// Ends the input; the exit status.
  int end() {
    if (pid_ <= 0) return -1;
    input_ = control::Fd();
    int raw = 0;
    ::waitpid(pid_, &raw, 0);
    pid_ = -1;
    return WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
  }

 private:
  control::Fd screen_;
  control::Fd terminal_;
  control::Fd input_;
  pid_t pid_ = -1;
  std::string seen_;
};

TEST(FilterProgress, IsALineOnTheTerminalThatRewritesItselfAndEndsWithTheRun) {
  FilterOnTerminal filter;
  const std::string again = "\r\x1b[K";
  int lines = 0;
  ASSERT_TRUE(eventually([&] {
    filter.feed(std::to_string(lines++ / 2) + "\n");
    return filter.seen().find(again, filter.seen().find(again) + 1) != std::string::npos;
  })) << filter.seen();
  EXPECT_NE(filter.seen().find(" first seen  "), std::string::npos) << filter.seen();
  EXPECT_NE(filter.seen().find(" lines/s"), std::string::npos) << filter.seen();
  EXPECT_EQ(filter.seen().find('\n'), std::string::npos) << "until the run ends";
  EXPECT_EQ(filter.end(), 0);
  EXPECT_EQ(std::count(filter.seen().begin(), filter.seen().end(), '\n'), 1) << filter.seen();
  EXPECT_TRUE(filter.seen().ends_with("\n"));
}

}  // namespace
}  // namespace firstseen::test
