#include "filter/line_output.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace firstseen::filter {

bool LineOutput::reader_is_there() const {
  pollfd entry{.fd = fd_, .events = 0, .revents = 0};
  return ::poll(&entry, 1, 0) != 1 || (entry.revents & POLLERR) == 0;
}

Result<bool> LineOutput::flush() {
  std::string_view rest = pending_;
  if (rest.empty()) return reader_is_there();
  while (!rest.empty()) {
    const ssize_t written = ::write(fd_, rest.data(), rest.size());
    if (written >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      pollfd entry{.fd = fd_, .events = POLLOUT, .revents = 0};
      static_cast<void>(::poll(&entry, 1, -1));
    } else if (errno == EPIPE) {
      return false;
    } else if (errno != EINTR) {
      return fail(Exit::io, fmt::format("cannot write to stdout: {}", std::strerror(errno)));
    }
  }
  pending_.clear();
  return true;
}

}  // namespace firstseen::filter
