#include "bus_errors.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <utility>

#include "base/error.h"

namespace firstseen {
namespace {

constexpr std::uint64_t met = 1;
constexpr std::uint64_t over = 1ULL << 32U;  ///< beyond what any number of threads adds up to

volatile std::sig_atomic_t told_at = -1;  ///< a file descriptor

/// Whoever met it goes no further. What is no failure of a file (memory that is broken or not aligned) is met again
/// without this, and ends the process as ever.
extern "C" void on_bus_error(int signal, siginfo_t* info, void* /*context*/) {
  if (info->si_code != BUS_ADRERR) {
    ::signal(signal, SIG_DFL);
    return;
  }
  if (::write(told_at, &met, sizeof met) < 0) ::_exit(static_cast<int>(Exit::io));
  while (true) ::pause();
}

}  // namespace

BusErrors::BusErrors(std::function<void()> last_word)
    : last_word_(std::move(last_word)), met_(::eventfd(0, EFD_CLOEXEC)), thread_([this] { wait(); }) {
  told_at = met_.get();
  struct sigaction action{};
  action.sa_sigaction = on_bus_error;
  action.sa_flags = SA_SIGINFO;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(SIGBUS, &action, nullptr);
}

BusErrors::~BusErrors() {
  ::signal(SIGBUS, SIG_DFL);
  static_cast<void>(::eventfd_write(met_.get(), over));
  thread_.join();
}

void BusErrors::wait() const {
  std::uint64_t told = 0;
  while (::read(met_.get(), &told, sizeof told) < 0) {
    if (errno != EINTR) return;
  }
  if (told >= over) return;
  last_word_();
  ::_exit(static_cast<int>(Exit::io));
}

}  // namespace firstseen
