#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#include <array>
#include <csignal>
#include <optional>

#include "component/daemon/daemon.h"

namespace firstseen::test {
namespace {

/// A program on a terminal of its own; killed and reaped at the latest when this is destroyed.
class OnTerminal {
 public:
  OnTerminal(const std::vector<std::string>& arguments, unsigned short rows, unsigned short columns) {
    std::vector<std::string> words{firstseen_program()};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    winsize size{.ws_row = rows, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
    int screen = -1;
    int terminal = -1;
    if (::openpty(&screen, &terminal, nullptr, nullptr, &size) != 0) return;
    screen_ = control::Fd(screen);
    terminal_ = control::Fd(terminal);  // kept, to see what the program leaves behind
    ::tcgetattr(terminal, &before_);
    pid_ = ::fork();
    if (pid_ != 0) return;
    ::login_tty(terminal);
    ::execv(pointers.front(), pointers.data());
    ::_exit(127);
  }
  ~OnTerminal() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  OnTerminal(const OnTerminal&) = delete;
  OnTerminal& operator=(const OnTerminal&) = delete;
  OnTerminal(OnTerminal&&) = delete;
  OnTerminal& operator=(OnTerminal&&) = delete;

  /// Waits until it has written this since the last call that found something.
  ::testing::AssertionResult shows(const std::string& text) {
    const bool found = eventually([&] {
      read();
      const auto at = seen_.find(text, from_);
      if (at != std::string::npos) from_ = at + text.size();
      return at != std::string::npos;
    });
    return found ? ::testing::AssertionSuccess()
                 : ::testing::AssertionFailure() << "no '" << text << "' in " << seen_.substr(from_);
  }
  void type(char key) const { ASSERT_EQ(::write(screen_.get(), &key, 1), 1); }
  void signal(int number) const { ::kill(pid_, number); }
  void resize(unsigned short rows, unsigned short columns) const {
    const winsize size{.ws_row = rows, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
    ::ioctl(screen_.get(), TIOCSWINSZ, &size);
  }
  /// Its exit status, once it has ended; -1 when it does not.
  int status() {
    int raw = 0;
    const bool ended = eventually([&] {
      read();
      return ::waitpid(pid_, &raw, WNOHANG) == pid_;
    });
    if (!ended) return -1;
    read();
    pid_ = -1;
    return WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
  }
  /// Are modes, screen and cursor as they were?
  [[nodiscard]] bool is_as_before() const {
    termios now{};
    ::tcgetattr(terminal_.get(), &now);
    return now.c_lflag == before_.c_lflag && now.c_iflag == before_.c_iflag && now.c_oflag == before_.c_oflag &&
           seen_.ends_with("\x1b[?25h\x1b[?1049l");
  }
  [[nodiscard]] const std::string& seen() const { return seen_; }

 private:
  void read() {
    pollfd entry{.fd = screen_.get(), .events = POLLIN, .revents = 0};
    std::array<char, 65536> piece{};
    while (::poll(&entry, 1, 0) == 1 && (entry.revents & POLLIN) != 0) {
      const ssize_t got = ::read(screen_.get(), piece.data(), piece.size());
      if (got <= 0) return;
      seen_.append(piece.data(), static_cast<std::size_t>(got));
    }
  }

  control::Fd screen_;
  control::Fd terminal_;
  termios before_{};
  pid_t pid_ = -1;
  std::string seen_;
  std::size_t from_ = 0;
};

using TopCommand = Daemon;

TEST_F(TopCommand, ShowsADaemonLiveAndFindsItAgainAfterARestart) {
  write("in", orders(20, 2));
  OnTerminal top(command("top", {"--interval", "100ms"}), 30, 100);
  ASSERT_TRUE(top.shows("no daemon answers")) << "it may be started first";
  {
    Program daemon(command("run"));
    ASSERT_TRUE(counts("consumed", 40)) << daemon.log();
    ASSERT_TRUE(top.shows("running"));
    ASSERT_TRUE(top.shows("in[1]"));
    daemon.signal(SIGKILL);
    daemon.wait();
    ASSERT_TRUE(top.shows("no answer: "));
    ASSERT_TRUE(top.shows("in[1]")) << "its last word stays";
  }
  Program daemon(command("run"));
  ASSERT_TRUE(top.shows("\x1b[1;32mrunning"));
  top.type('q');
  EXPECT_EQ(top.status(), 0);
  EXPECT_TRUE(top.is_as_before());
}

TEST_F(TopCommand, LeavesTheTerminalAsItWasHoweverItIsEnded) {
  for (const auto& [key, number] : {std::pair('q', 0), {'\x03', 0}, {'\0', SIGTERM}, {'\0', SIGHUP}, {'\0', SIGINT}}) {
    OnTerminal top(command("top"), 24, 80);
    ASSERT_TRUE(top.shows("no daemon answers"));
    EXPECT_FALSE(top.is_as_before());
    if (number == 0) {
      top.type(key);
    } else {
      top.signal(number);
    }
    EXPECT_EQ(top.status(), 0) << number;
    EXPECT_TRUE(top.is_as_before()) << number;
  }
}

TEST_F(TopCommand, DrawsAnewAtOnceWhenTheTerminalGetsAnotherSize) {
  OnTerminal top(command("top", {"--interval", "1h"}), 24, 100);
  ASSERT_TRUE(top.shows("no daemon answers"));
  ASSERT_TRUE(top.shows("\x1b[J"));
  top.resize(24, 12);
  ASSERT_TRUE(top.shows("firstseen to\x1b[0m\x1b[K"));
  top.type('q');
  EXPECT_EQ(top.status(), 0);
}

TEST_F(TopCommand, OnceWritesOneFrameAndEndsAsStatusDoes) {
  EXPECT_EQ(run(command("top", {"--once"})).status, 69);
  write("in", orders(20, 2));
  Program daemon(command("run"));
  ASSERT_TRUE(counts("consumed", 40)) << daemon.log();
  ASSERT_TRUE(state("running"));
  for (const std::vector<std::string>& more :
       {std::vector<std::string>{"--once", "--interval", "100ms"}, {"--interval", "100ms"}}) {
    const Finished once = run(command("top", more));
    EXPECT_EQ(once.status, 0) << once.err;
    EXPECT_NE(once.out.find("\nrunning\n"), std::string::npos) << once.out;
    EXPECT_NE(once.out.find("in[0]"), std::string::npos) << once.out;
    EXPECT_EQ(once.out.find('\x1b'), std::string::npos) << once.out;
  }
}

TEST_F(TopCommand, RefusesAnIntervalThatIsNone) {
  for (const char* interval : {"5", "0s", "2h", "soon"}) {
    const Finished refused = run(command("top", {"--interval", interval}));
    EXPECT_EQ(refused.status, 64) << interval;
    EXPECT_NE(refused.err.find("--interval"), std::string::npos) << refused.err;
  }
}

}  // namespace
}  // namespace firstseen::test
