#include "top/terminal.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace firstseen::top {
namespace {

// xterm's, which every terminal in use knows: the second screen, the cursor.
constexpr std::string_view take_over = "\x1b[?1049h\x1b[?25l";
constexpr std::string_view give_back = "\x1b[?25h\x1b[?1049l";

sigset_t wanted_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGWINCH}) sigaddset(&signals, number);
  return signals;
}

}  // namespace

bool Terminal::exists() { return ::isatty(STDOUT_FILENO) == 1; }

Terminal::Terminal() {
  const sigset_t signals = wanted_signals();
  ::pthread_sigmask(SIG_BLOCK, &signals, &blocked_before_);
  signals_ = control::Fd(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_.valid()) ::pthread_sigmask(SIG_SETMASK, &blocked_before_, nullptr);  // they end the program as ever
  if (::tcgetattr(STDIN_FILENO, &before_) == 0) {
    termios raw = before_;
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG);  // Ctrl-C and Ctrl-Z are keys like others
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    keys_ = ::tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
  }
  static_cast<void>(write(take_over));
}

Terminal::~Terminal() {
  static_cast<void>(write(give_back));
  if (keys_) {
    ::tcflush(STDIN_FILENO, TCIFLUSH);  // what was typed ahead is not for the shell
    ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }
  ::pthread_sigmask(SIG_SETMASK, &blocked_before_, nullptr);
}

Terminal::Event Terminal::wait(Millis limit) {
  std::array<pollfd, 2> entries{pollfd{.fd = signals_.get(), .events = POLLIN, .revents = 0},
                                pollfd{.fd = keys_ ? STDIN_FILENO : -1, .events = POLLIN, .revents = 0}};
  if (::poll(entries.data(), entries.size(), static_cast<int>(limit.count())) <= 0) return Event::nothing;
  if (entries[0].revents != 0) return read_signal();
  return read_keys();
}

Terminal::Event Terminal::read_signal() const {
  Event event = Event::nothing;
  signalfd_siginfo info{};
  while (::read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    if (info.ssi_signo != SIGWINCH) return Event::leave;
    event = Event::resized;
  }
  return event;
}

Terminal::Event Terminal::read_keys() {
  constexpr char ctrl_c = '\x03';
  constexpr char ctrl_d = '\x04';
  std::array<char, 64> keys{};
  const ssize_t got = ::read(STDIN_FILENO, keys.data(), keys.size());
  if (got <= 0) return got < 0 && errno == EINTR ? Event::nothing : Event::leave;  // the terminal has hung up
  for (const char key : std::string_view(keys.data(), static_cast<std::size_t>(got))) {
    if (key == 'q' || key == 'Q' || key == ctrl_c || key == ctrl_d) return Event::leave;
  }
  return Event::nothing;
}

Size Terminal::size() const {
  winsize window{};
  Size size;
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0) return size;
  if (window.ws_row != 0) size.rows = window.ws_row;
  if (window.ws_col != 0) size.columns = window.ws_col;
  return size;
}

Result<void> Terminal::write(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written > 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      return fail(Exit::io, "cannot write to the terminal: " + std::generic_category().message(errno));
    }
  }
  return {};
}

}  // namespace firstseen::top
