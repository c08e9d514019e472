#include "exec/supervisor.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "exec/child.h"
#include "exec/relay.h"

namespace firstseen::exec {
namespace {

using store::FileDescriptor;
using End = CommandResult::End;

constexpr std::array passed = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM};
constexpr std::array ending_signals = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
constexpr int cannot_execute = 126;
constexpr int no_such_command = 127;

sigset_t watched_signals() {
  sigset_t set = passed_signals();
  sigaddset(&set, SIGCHLD);
  return set;
}

CommandResult not_started(const std::string& command, int error) {
  CommandResult result;
  result.end = End::not_started;
  result.number = error == ENOENT ? no_such_command : cannot_execute;
  result.err.kept = fmt::format("firstseen: cannot run '{}': {}\n", command, std::strerror(error));
  result.err.total_bytes = result.err.kept.size();
  return result;
}

/// One command, from its start to its end.
class Supervisor {
 public:
  Supervisor(const SupervisorOptions& options, Child child, bool own_group, FileDescriptor signals)
      : options_(options),
        pid_(child.pid),
        own_group_(own_group),
        signals_(std::move(signals)),
        relays_{Relay(std::move(child.out), STDOUT_FILENO, options.keep_bytes),
                Relay(std::move(child.err), STDERR_FILENO, options.keep_bytes)},
        next_beat_ms_(clock_.steady_ms() + options.heartbeat_every.count()) {
    if (options.timeout) end_at_ms_ = clock_.steady_ms() + options.timeout->count();
  }

  CommandResult run() {
    while (!reap()) {
      wait(true);
      keep_time();
    }
    for (Relay& relay : relays_) relay.drain();
    CommandResult result = result_of(status_);
    result.out = relays_[0].take();
    result.err = relays_[1].take();
    return result;
  }

  void flush() {
    while (relays_[0].wants_output() || relays_[1].wants_output()) wait(false);
  }

 private:
  void send(int signal) const { ::kill(own_group_ ? -pid_ : pid_, signal); }

  [[nodiscard]] bool has_ended() const {
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid_;
  }

  /// Has the command ended? The rest of its group is killed before its number is free for others.
  bool reap() {
    if (!has_ended()) return false;
    if (timed_out_ && own_group_) ::kill(-pid_, SIGKILL);
    return ::waitpid(pid_, &status_, 0) == pid_;
  }

  [[nodiscard]] CommandResult result_of(int status) const {
    CommandResult result;
    if (timed_out_) {
      result.end = End::timed_out;
    } else if (WIFSIGNALED(status)) {
      result.end = End::signalled;
      result.number = static_cast<std::uint16_t>(WTERMSIG(status));
    } else {
      result.number = static_cast<std::uint16_t>(WEXITSTATUS(status));
    }
    return result;
  }

  /// Sleeps until something can be moved, a signal arrives, or it is time for something; moves it. After the command's
  /// end only output is left.
  void wait(bool running) {
    std::array<pollfd, 5> entries{};
    entries[0] = {.fd = running ? signals_.get() : -1, .events = POLLIN, .revents = 0};
    for (std::size_t i = 0; i < relays_.size(); ++i) {
      const Relay& relay = relays_[i];
      entries[1 + i] = {.fd = running && relay.wants_input() ? relay.source() : -1, .events = POLLIN, .revents = 0};
      entries[3 + i] = {.fd = relay.wants_output() ? relay.sink() : -1, .events = POLLOUT, .revents = 0};
    }
    if (::poll(entries.data(), entries.size(), running ? patience_ms() : -1) <= 0) return;
    if (entries[0].revents != 0) pass_signal();
    for (std::size_t i = 0; i < relays_.size(); ++i) {
      if (entries[1 + i].revents != 0) relays_[i].read();
      if (entries[3 + i].revents != 0) relays_[i].write();
    }
  }

  void pass_signal() {
    signalfd_siginfo info{};
    if (::read(signals_.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return;
    const bool from_terminal = info.ssi_code == SI_KERNEL && !own_group_;  // which has given it to the command too
    if (info.ssi_signo != SIGCHLD && !from_terminal) send(static_cast<int>(info.ssi_signo));
  }

  [[nodiscard]] int patience_ms() const {
    std::int64_t at_ms = next_beat_ms_;
    for (const auto& other : {end_at_ms_, kill_at_ms_}) at_ms = std::min(at_ms, other.value_or(at_ms));
    return static_cast<int>(std::clamp<std::int64_t>(at_ms - clock_.steady_ms(), 0, 60'000));
  }

  void terminate() {
    send(SIGTERM);
    send(SIGCONT);  // a stopped one would not notice
    kill_at_ms_ = clock_.steady_ms() + options_.kill_after.count();
  }

  void keep_time() {
    const std::int64_t now_ms = clock_.steady_ms();
    if (now_ms >= next_beat_ms_) {
      next_beat_ms_ = now_ms + options_.heartbeat_every.count();
      if (options_.heartbeat && !options_.heartbeat() && !kill_at_ms_) terminate();
    }
    // This process may have been stopped: a command that has ended meanwhile ended as it did.
    if (end_at_ms_ && now_ms >= *end_at_ms_ && !has_ended()) {
      end_at_ms_.reset();
      timed_out_ = true;
      terminate();
    }
    if (kill_at_ms_ && now_ms >= *kill_at_ms_) {
      kill_at_ms_.reset();
      send(SIGKILL);
    }
  }

  const SystemClock clock_;
  const SupervisorOptions options_;
  const pid_t pid_;
  const bool own_group_;
  const FileDescriptor signals_;
  std::array<Relay, 2> relays_;
  int status_ = 0;
  bool timed_out_ = false;
  std::int64_t next_beat_ms_;
  std::optional<std::int64_t> end_at_ms_;
  std::optional<std::int64_t> kill_at_ms_;
};

}  // namespace

sigset_t passed_signals() {
  sigset_t set{};
  sigemptyset(&set);
  for (const int signal : passed) sigaddset(&set, signal);
  return set;
}

SignalGuard::SignalGuard() {
  const sigset_t set = watched_signals();
  ::pthread_sigmask(SIG_BLOCK, &set, &previous_);
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGCHLD, SIG_DFL);  // ignored, it would hide how the command ended
}

SignalGuard::~SignalGuard() { ::pthread_sigmask(SIG_SETMASK, &previous_, nullptr); }

bool SignalGuard::ending() const {
  sigset_t pending{};
  ::sigpending(&pending);
  return std::any_of(ending_signals.begin(), ending_signals.end(),
                     [&pending](int signal) { return sigismember(&pending, signal) == 1; });
}

Result<Supervised> supervise(const SupervisorOptions& options, const SignalGuard& signals) {
  const sigset_t set = watched_signals();
  FileDescriptor descriptor(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (descriptor.get() < 0) return fail(Exit::internal, fmt::format("signalfd: {}", std::strerror(errno)));
  const bool own_group = ::isatty(STDIN_FILENO) == 0;
  auto child = start_child({.command = options.command,
                            .own_group = own_group,
                            .signal_mask = signals.previous(),
                            .keep_open = options.keep_open});
  if (!child) return forward(child.error());
  if (child->pid < 0) {
    const CommandResult result = not_started(options.command.front(), child->error);
    return Supervised{.result = result, .flush = [text = result.err.kept] {
                        if (::write(STDERR_FILENO, text.data(), text.size()) < 0) return;
                      }};
  }
  const auto supervisor = std::make_shared<Supervisor>(options, std::move(*child), own_group, std::move(descriptor));
  CommandResult result = supervisor->run();
  return Supervised{.result = std::move(result), .flush = [supervisor] { supervisor->flush(); }};
}

}  // namespace firstseen::exec
