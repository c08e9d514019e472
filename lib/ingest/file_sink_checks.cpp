#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "ingest/file_sink.h"
#include "ingest/output_claim.h"

namespace firstseen::ingest {

tl::unexpected<Error> FileSink::trouble(const char* doing) const {
  return fail(Exit::io, fmt::format("cannot {} the output {}: {}", doing, path_.string(), std::strerror(errno)));
}

/// It is made where the ledger has nothing in it.
Result<void> FileSink::open(const Ledger::Output& known) {
  const std::uint64_t least = known.length.value_or(0);
  file_ = HeldLock(path_, O_RDWR | O_APPEND | (least == 0 ? O_CREAT : 0), 0640);
  if (file_.fd() < 0 && errno == ENOENT && least != 0) {
    return fail(Exit::bad_data,
                fmt::format("the output {} is gone, the ledger knows of {} bytes in it: put it back, or "
                            "begin anew with another ledger, which takes every file again",
                            path_.string(), least));
  }
  struct stat status{};
  if (file_.fd() < 0 || ::fstat(file_.fd(), &status) != 0) return trouble("open");
  if (S_ISREG(status.st_mode)) return {};
  return fail(Exit::config, fmt::format("the output {} is not a regular file: it could not be cut back after a crash",
                                        path_.string()));
}

Result<void> FileSink::lock() {
  if (file_.try_lock()) return {};
  if (errno != EWOULDBLOCK) return trouble("lock");
  return fail(Exit::try_again, fmt::format("the output {} is being written by another process: wait until it has ended",
                                           path_.string()));
}

Result<std::uint64_t> FileSink::size() const {
  struct stat status{};
  if (::fstat(file_.fd(), &status) != 0) return trouble("read");
  return static_cast<std::uint64_t>(status.st_size);
}

Result<void> FileSink::check_claim() {
  const auto claim = claim_on(file_.fd(), path_);
  if (!claim) return forward(claim.error());
  claimed_ = claim->has_value();
  if (!claimed_ || (*claim)->id == ledger_.id()) return {};
  return fail(
      Exit::config,
      fmt::format(
          "the output {} belongs to the ledger {} ({}), not to {}: nothing was changed; name that one with "
          "--ledger, or another output. If that ledger is gone for good, put a copy of the output in its place: "
          "it belongs to none",
          path_.string(), (*claim)->id, (*claim)->directory, ledger_.directory().string()));
}

Result<void> FileSink::check_size(const Ledger::Output& known) const {
  const auto size_now = size();
  if (!size_now) return forward(size_now.error());
  if (*size_now < *known.length) {
    return fail(Exit::bad_data,
                fmt::format("the output {} has {} bytes, the ledger knows of {}: it was shortened or replaced; restore "
                            "it, or begin anew with another ledger and another output",
                            path_.string(), *size_now, *known.length));
  }
  if (*size_now == *known.length) return {};
  const bool was_replaced = known.behind == Ledger::Behind::batch_and_claim && !claimed_;
  if (known.behind != Ledger::Behind::nothing && !was_replaced) {
    return *size_now <= known.end.value_or(*size_now) ? Result<void>{} : disturbed(*size_now, *known.length);
  }
  return fail(
      Exit::bad_data,
      fmt::format("the output {} has {} bytes, the ledger {} knows of {}, and of none that it wrote behind them: "
                  "nothing was changed. Let who wrote there use a file of its own, move what is behind byte {} "
                  "to it, cut the output back (truncate -s {} FILE) and run again",
                  path_.string(), *size_now, ledger_.directory().string(), *known.length, *known.length,
                  *known.length));
}

/// The first record would be glued to what is no line yet.
Result<void> FileSink::check_last_line(std::uint64_t size) const {
  if (size == 0) return {};
  char last = 0;
  if (::pread(file_.fd(), &last, 1, static_cast<off_t>(size - 1)) < 0) return trouble("read");
  if (last == '\n') return {};
  return fail(Exit::bad_data,
              fmt::format("the output {} does not end with a line feed, the first record would become a part of its "
                          "last line: nothing was changed. Look whether that line is whole, end it (echo >> FILE), and "
                          "run again, or name another output",
                          path_.string()));
}

/// Written to a file without a name, records would be lost.
Result<void> FileSink::check_place() const {
  struct stat named{};
  struct stat ours{};
  if (::fstat(file_.fd(), &ours) != 0) return trouble("read");
  if (::stat(path_.c_str(), &named) == 0 && named.st_dev == ours.st_dev && named.st_ino == ours.st_ino) return {};
  return fail(Exit::bad_data,
              fmt::format("the output {} was moved away, removed or replaced while it was being written: "
                          "no record of this batch was; put it back and run again",
                          path_.string()));
}

/// Behind the length is this batch as far as it was written, and nothing else. Where that is not so, nobody knows any
/// longer which part is whose: the ledger notes that none is ours, so that none is ever cut off.
Result<void> FileSink::check_undisturbed() {
  const auto size_now = size();
  if (!size_now) return forward(size_now.error());
  if (*size_now == written_) return {};
  if (auto noted = note_end(length_); !noted) return noted;
  return disturbed(*size_now, length_);
}

tl::unexpected<Error> FileSink::disturbed(std::uint64_t size, std::uint64_t length) const {
  return fail(
      Exit::bad_data,
      fmt::format("the output {} has {} bytes, the ledger {} knows of {}; behind them is a part of a batch that does "
                  "not count, and another program wrote there or cut it short meanwhile: nothing was cut off. Let that "
                  "program use a file of its own, move its lines from behind byte {} to it, cut the output back "
                  "(truncate -s {} FILE) and run again, which takes the batch anew",
                  path_.string(), size, ledger_.directory().string(), length, length, length));
}

}  // namespace firstseen::ingest
