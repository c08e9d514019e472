#include "signals.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include "base/error.h"

namespace firstseen {
namespace {

sigset_t handled_signals() {
  sigset_t set{};
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
  return set;
}

}  // namespace

void block_signals() {
  const sigset_t set = handled_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

SignalThread::SignalThread(std::function<void()> stop, LogSink log, std::function<void()> reload)
    : stop_(std::move(stop)),
      log_(std::move(log)),
      reload_(std::move(reload)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  const sigset_t set = handled_signals();
  signals_ = control::Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  thread_ = std::thread([this] { loop(); });
}

SignalThread::~SignalThread() {
  static_cast<void>(::eventfd_write(wake_.get(), 1));
  thread_.join();
}

void SignalThread::loop() {
  while (true) {
    std::array<pollfd, 2> entries{pollfd{.fd = signals_.get(), .events = POLLIN, .revents = 0},
                                  pollfd{.fd = wake_.get(), .events = POLLIN, .revents = 0}};
    if (::poll(entries.data(), entries.size(), -1) < 0 && errno != EINTR) return;
    signalfd_siginfo info{};
    while (::read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
      answer(static_cast<int>(info.ssi_signo));
    }
    if (entries[1].revents != 0) return;
  }
}

void SignalThread::answer(int signal) {
  if (signal == SIGHUP) {
    log_(LogLevel::info, reload_ ? "SIGHUP: reading the configuration again" : "SIGHUP ignored");
    if (reload_) reload_();
    return;
  }
  if (stopping_) {
    log_(LogLevel::warning, "second signal to stop: leaving at once; the next start decides the batch in flight");
    ::_exit(static_cast<int>(Exit::try_again));
  }
  stopping_ = true;
  log_(LogLevel::info, "stopping: the batch in flight is finished or aborted; a second signal leaves at once");
  stop_();
}

}  // namespace firstseen
