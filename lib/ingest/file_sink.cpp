#include "ingest/file_sink.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "store/directory.h"

namespace firstseen::ingest {
namespace {
constexpr std::size_t most_pending_bytes = std::size_t{1} << 20U;
}  // namespace

tl::unexpected<Error> FileSink::trouble(const char* doing) const {
  return fail(Exit::io, fmt::format("cannot {} the output {}: {}", doing, path_.string(), std::strerror(errno)));
}

Result<void> FileSink::recover() {
  file_ = HeldLock();  // with it goes our own lock
  file_ = HeldLock(path_, O_RDWR | O_CREAT, 0640);
  struct stat status{};
  if (file_.fd() < 0 || ::fstat(file_.fd(), &status) != 0) return trouble("open");
  if (!S_ISREG(status.st_mode)) {
    return fail(Exit::config, fmt::format("the output {} is not a regular file: it could not be cut back after a crash",
                                          path_.string()));
  }
  if (!file_.try_lock()) {
    if (errno != EWOULDBLOCK) return trouble("lock");
    return fail(Exit::try_again, fmt::format("the output {} is being written by another process: wait until it has "
                                             "ended",
                                             path_.string()));
  }
  if (::fstat(file_.fd(), &status) != 0) return trouble("read");
  const auto size = static_cast<std::uint64_t>(status.st_size);
  const auto known = ledger_.output_length();
  if (!known) return forward(known.error());
  if (*known && size < **known) {
    return fail(Exit::bad_data,
                fmt::format("the output {} has {} bytes, the ledger knows of {}: it was shortened or replaced; restore "
                            "it, or begin anew with another ledger",
                            path_.string(), size, **known));
  }
  if (!*known) {
    const std::filesystem::path folder = path_.has_parent_path() ? path_.parent_path() : ".";
    if (auto synced = store::sync_directory(folder); !synced) return synced;
    if (auto set = ledger_.set_output_length(size); !set) return set;
  }
  length_ = known->value_or(size);
  return cut_back();
}

Result<void> FileSink::cut_back() {
  pending_.clear();
  written_ = length_;
  if (::ftruncate(file_.fd(), static_cast<off_t>(length_)) != 0) return trouble("cut back");
  return {};
}

Result<void> FileSink::add(const OutputRecord& record, const std::string& from, std::uint64_t number) {
  if (record.value.find('\n') != std::string::npos) {
    return fail(Action::abort, Exit::bad_data, fmt::format("{}: record {} holds a line feed", from, number));
  }
  pending_ += record.value;
  pending_ += '\n';
  return pending_.size() < most_pending_bytes ? Result<void>{} : write_pending();
}

Result<void> FileSink::write_pending() {
  std::string_view rest = pending_;
  while (!rest.empty()) {
    const ssize_t count = ::pwrite(file_.fd(), rest.data(), rest.size(), static_cast<off_t>(written_));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return trouble("write");
    written_ += static_cast<std::uint64_t>(count);
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
  pending_.clear();
  return {};
}

Result<void> FileSink::commit(const Batch& batch) {
  if (auto written = write_pending(); !written) return written;
  if (::fsync(file_.fd()) != 0) return trouble("sync");
  if (auto counted = ledger_.commit_output(batch, written_); !counted) return counted;
  length_ = written_;
  return {};
}

Result<void> FileSink::abort() { return cut_back(); }

}  // namespace firstseen::ingest
