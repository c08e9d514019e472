#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"

namespace firstseen::control {

/// Owns a file descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) noexcept : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept;
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd();

  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] bool valid() const noexcept { return fd_ >= 0; }

 private:
  int release() noexcept;
  int fd_ = -1;
};

/// Binds and listens with mode 0600. A socket that a dead process left behind is replaced; a live one fails with
/// Exit::try_again, a path that is too long for a Unix socket or names something else with Exit::config.
Result<Fd> listen_at(const std::filesystem::path& path);

/// Connects. Exit::unavailable when nobody listens there.
Result<Fd> connect_to(const std::filesystem::path& path);

/// Reads up to the first line end (which is not returned). Fails after `limit` in all, on more than `max_bytes`, and
/// when the other side closes before a line end.
Result<std::string> read_line(const Fd& fd, std::size_t max_bytes, Millis limit);

/// Writes all of `text` within `limit` in all.
Result<void> write_all(const Fd& fd, std::string_view text, Millis limit);

}  // namespace firstseen::control
