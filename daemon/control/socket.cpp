#include "control/socket.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace firstseen::control {
namespace {

std::string reason(int error) { return std::generic_category().message(error); }

tl::unexpected<Error> io_failure(std::string_view doing, int error) {
  return fail(Exit::io, fmt::format("control socket: {}: {}", doing, reason(error)));
}

Result<sockaddr_un> address_of(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string& text = path.native();
  if (text.size() >= sizeof address.sun_path) {
    return fail(Exit::config, fmt::format("{}: too long for a Unix socket: {} bytes, at most {}; choose a shorter "
                                          "store.path",
                                          text, text.size(), sizeof address.sun_path - 1));
  }
  std::ranges::copy(text, std::begin(address.sun_path));
  return address;
}

Fd make_socket() { return Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)); }

/// The C socket interface takes every address family as sockaddr.
const sockaddr* generic(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);  // NOLINT(cppcoreguidelines-pro-type-reinterpret-cast)
}

/// Removes what stands in the way of bind(), if it is a socket on which nobody listens any more.
Result<void> remove_stale(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::is_socket(std::filesystem::symlink_status(path, ignored))) {
    return fail(Exit::config, fmt::format("{} exists and is not a socket; move it away", path.native()));
  }
  if (connect_to(path)) {
    return fail(Exit::try_again, fmt::format("{}: another process answers on this control socket", path.native()));
  }
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return io_failure("cannot replace " + path.native(), errno);
  }
  return {};
}

/// How much of `limit` is left; 0 when it is used up.
class Deadline {
 public:
  explicit Deadline(Millis limit) : end_(std::chrono::steady_clock::now() + limit) {}
  [[nodiscard]] int remaining_ms() const {
    const auto left = std::chrono::ceil<Millis>(end_ - std::chrono::steady_clock::now());
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 3'600'000));
  }

 private:
  std::chrono::steady_clock::time_point end_;
};

/// Waits until the descriptor is ready for `events`; false at the deadline.
bool wait_for(const Fd& fd, short events, const Deadline& deadline) {
  pollfd entry{.fd = fd.get(), .events = events, .revents = 0};
  int ready = 0;
  do {
    ready = ::poll(&entry, 1, deadline.remaining_ms());
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

}  // namespace

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    const Fd closed(std::exchange(fd_, other.release()));
  }
  return *this;
}

Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}

int Fd::release() noexcept { return std::exchange(fd_, -1); }

Result<Fd> listen_at(const std::filesystem::path& path) {
  const auto address = address_of(path);
  if (!address) return forward(address.error());
  Fd fd = make_socket();
  if (!fd.valid()) return io_failure("socket", errno);
  // On Linux the mode given before bind() is the mode the socket file is born with: at no moment can others connect.
  if (::fchmod(fd.get(), S_IRUSR | S_IWUSR) != 0) return io_failure("chmod", errno);
  if (::bind(fd.get(), generic(*address), sizeof *address) != 0) {
    if (errno != EADDRINUSE) return io_failure("cannot create " + path.native(), errno);
    if (auto removed = remove_stale(path); !removed) return forward(removed.error());
    if (::bind(fd.get(), generic(*address), sizeof *address) != 0) {
      return io_failure("cannot create " + path.native(), errno);
    }
  }
  if (::listen(fd.get(), SOMAXCONN) != 0) return io_failure("listen", errno);
  return fd;
}

Result<Fd> connect_to(const std::filesystem::path& path) {
  const auto address = address_of(path);
  if (!address) return forward(address.error());
  Fd fd = make_socket();
  if (!fd.valid()) return io_failure("socket", errno);
  // A Unix stream socket connects at once or not at all (EAGAIN: the backlog is full).
  if (::connect(fd.get(), generic(*address), sizeof *address) != 0) {
    return fail(Exit::unavailable, fmt::format("{}: {}", path.native(), reason(errno)));
  }
  return fd;
}

Result<std::string> read_line(const Fd& fd, std::size_t max_bytes, Millis limit) {
  const Deadline deadline(limit);
  std::string line;
  std::array<char, 4096> buffer{};
  while (true) {
    if (!wait_for(fd, POLLIN, deadline)) return io_failure("no complete line in time", ETIMEDOUT);
    const ssize_t got = ::recv(fd.get(), buffer.data(), buffer.size(), 0);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got < 0) return io_failure("read", errno);
    if (got == 0) return io_failure("closed before the end of a line", ECONNRESET);
    const std::string_view part(buffer.data(), static_cast<std::size_t>(got));
    const std::size_t end = part.find('\n');
    line.append(part.substr(0, end));
    if (line.size() > max_bytes) {
      return fail(Exit::bad_data, fmt::format("control socket: a line of more than {} bytes", max_bytes));
    }
    if (end != std::string_view::npos) return line;
  }
}

Result<void> write_all(const Fd& fd, std::string_view text, Millis limit) {
  const Deadline deadline(limit);
  while (!text.empty()) {
    if (!wait_for(fd, POLLOUT, deadline)) return io_failure("the other side does not read", ETIMEDOUT);
    const ssize_t sent = ::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (sent < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (sent < 0) return io_failure("write", errno);
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

}  // namespace firstseen::control
