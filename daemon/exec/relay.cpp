#include "exec/relay.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace firstseen::exec {
namespace {

constexpr std::uint64_t most_drained = 1U << 20U;

}  // namespace

Relay::Relay(store::FileDescriptor source, int sink, std::uint64_t keep_bytes)
    : source_(std::move(source)), sink_(sink), keep_bytes_(keep_bytes) {
  ::fcntl(source_.get(), F_SETFL, O_NONBLOCK);  // this end only: each end of a pipe has its own flags
}

void Relay::read() {
  std::array<char, 16384> buffer{};
  const ssize_t got = ::read(source_.get(), buffer.data(), buffer.size());
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    ended_ = true;
    return;
  }
  const auto bytes = static_cast<std::size_t>(got);
  captured_.total_bytes += bytes;
  const std::uint64_t room = keep_bytes_ - std::min<std::uint64_t>(keep_bytes_, captured_.kept.size());
  captured_.kept.append(buffer.data(), std::min<std::uint64_t>(bytes, room));
  if (!sink_closed_) waiting_.append(buffer.data(), bytes);
}

void Relay::write() {
  // A pipe that poll() calls writable takes this much at once.
  const ssize_t put = ::write(sink_, waiting_.data(), std::min<std::size_t>(waiting_.size(), PIPE_BUF));
  if (put >= 0) {
    waiting_.erase(0, static_cast<std::size_t>(put));
  } else if (errno != EAGAIN && errno != EINTR) {
    sink_closed_ = true;
    waiting_.clear();
  }
}

void Relay::drain() {
  const std::uint64_t limit = captured_.total_bytes + most_drained;
  for (std::uint64_t before = captured_.total_bytes - 1; !ended_ && captured_.total_bytes < limit;) {
    if (before == captured_.total_bytes) return;  // the pipe is empty
    before = captured_.total_bytes;
    read();
  }
}

}  // namespace firstseen::exec
