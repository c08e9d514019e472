#include "ingest/byte_source.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace firstseen::ingest {

Result<std::unique_ptr<FileSource>> FileSource::open(const std::filesystem::path& path) {
  store::FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return fail(Exit::io, fmt::format("cannot read {}: {}", path.string(), std::strerror(errno)));
  const int fd = file.get();
  static_cast<void>(posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL));  // a hint
  return std::make_unique<FileSource>(std::move(file), fd, path.string());
}

std::unique_ptr<FileSource> FileSource::standard_input() {
  return std::make_unique<FileSource>(store::FileDescriptor(), STDIN_FILENO, "stdin");
}

Result<std::size_t> FileSource::read(std::span<char> into) {
  while (true) {
    const ssize_t count = ::read(fd_, into.data(), into.size());
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) return fail(Exit::io, fmt::format("cannot read {}: {}", name_, std::strerror(errno)));
  }
}

bool FileSource::would_wait() const {
  pollfd entry{.fd = fd_, .events = POLLIN, .revents = 0};
  return ::poll(&entry, 1, 0) == 0;
}

}  // namespace firstseen::ingest
