#include "component/daemon/on_terminal.h"

#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>

#include <array>
#include <csignal>

#include "component/daemon/program.h"

namespace firstseen::test {

void read_screen(const control::Fd& screen, std::string& seen) {
  pollfd entry{.fd = screen.get(), .events = POLLIN, .revents = 0};
  std::array<char, 65536> piece{};
  while (::poll(&entry, 1, 0) == 1 && (entry.revents & POLLIN) != 0) {
    const ssize_t got = ::read(screen.get(), piece.data(), piece.size());
    if (got <= 0) return;
    seen.append(piece.data(), static_cast<std::size_t>(got));
  }
}

OnTerminal::OnTerminal(const std::vector<std::string>& arguments, unsigned short rows, unsigned short columns) {
  std::vector<std::string> words{firstseen_program()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
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

OnTerminal::~OnTerminal() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

::testing::AssertionResult OnTerminal::shows(const std::string& text) {
  const bool found = eventually([&] {
    read_screen(screen_, seen_);
    const auto at = seen_.find(text, from_);
    if (at != std::string::npos) from_ = at + text.size();
    return at != std::string::npos;
  });
  return found ? ::testing::AssertionSuccess()
               : ::testing::AssertionFailure() << "no '" << text << "' in " << seen_.substr(from_);
}

void OnTerminal::type(char key) const { ASSERT_EQ(::write(screen_.get(), &key, 1), 1); }

void OnTerminal::signal(int number) const { ::kill(pid_, number); }

void OnTerminal::resize(unsigned short rows, unsigned short columns) const {
  const winsize size{.ws_row = rows, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
  ::ioctl(screen_.get(), TIOCSWINSZ, &size);
}

int OnTerminal::status() {
  int raw = 0;
  const bool ended = eventually([&] {
    read_screen(screen_, seen_);
    return ::waitpid(pid_, &raw, WNOHANG) == pid_;
  });
  if (!ended) return -1;
  read_screen(screen_, seen_);
  pid_ = -1;
  return WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
}

bool OnTerminal::is_as_before() const {
  termios now{};
  ::tcgetattr(terminal_.get(), &now);
  return now.c_lflag == before_.c_lflag && now.c_iflag == before_.c_iflag && now.c_oflag == before_.c_oflag &&
         seen_.ends_with("\x1b[?25h\x1b[?1049l");
}

}  // namespace firstseen::test
