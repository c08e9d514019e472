#include "standard_descriptors.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace firstseen {
namespace {

struct Standard {
  int number;
  int flags;  ///< those of stdin and stdout do not allow what they are for
};
constexpr std::array<Standard, 3> standards{
    {{STDIN_FILENO, O_WRONLY}, {STDOUT_FILENO, O_RDONLY}, {STDERR_FILENO, O_WRONLY}}};

}  // namespace

bool open_standard_descriptors() {
  for (const auto& [number, flags] : standards) {
    if (::fcntl(number, F_GETFD) != -1 || errno != EBADF) continue;
    if (::open("/dev/null", flags) != number) return false;  // the lowest number that is free, so this one
  }
  return true;
}

}  // namespace firstseen
