#include "ingest/file_sink.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "ingest/output_claim.h"
#include "store/directory.h"

namespace firstseen::ingest {
namespace {

constexpr std::size_t most_pending_bytes = std::size_t{1} << 20U;

}  // namespace

void FileSink::at(Step step) const {
  if (hook_) hook_(step);
}

tl::unexpected<Error> FileSink::trouble(const char* doing) const {
  return fail(Exit::io, fmt::format("cannot {} the output {}: {}", doing, path_.string(), std::strerror(errno)));
}

Result<void> FileSink::recover() {
  file_ = HeldLock();  // with it goes our own lock
  const auto known = ledger_.output();
  if (!known) return forward(known.error());
  if (auto opened = open(*known); !opened) return opened;
  if (auto locked = lock(); !locked) return locked;
  if (auto ours = check_claim(); !ours) return ours;
  if (known->length) {
    if (auto as_left = check_size(*known); !as_left) return as_left;
  }
  const auto size_now = size();
  if (!size_now) return forward(size_now.error());
  if (!known->length) {
    if (auto whole = check_last_line(*size_now); !whole) return whole;
  }
  length_ = known->length.value_or(*size_now);
  announced_ = known->behind != Ledger::Behind::nothing;
  if (auto taken = take_possession(!known->length); !taken) return taken;
  return cut_back();
}

/// It is made where the ledger has nothing in it.
Result<void> FileSink::open(const Ledger::Output& known) {
  const std::uint64_t least = known.length.value_or(0);
  file_ = HeldLock(path_, O_RDWR | (least == 0 ? O_CREAT : 0), 0640);
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
  if (known.behind != Ledger::Behind::nothing && !was_replaced) return {};
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

/// A file from a backup bears no claim, and gets it again. The ledger knows the file once it is sure to be there.
Result<void> FileSink::take_possession(bool is_new) {
  if (!claimed_) {
    const std::string directory = std::filesystem::absolute(ledger_.directory()).lexically_normal().string();
    const auto put = put_claim(file_.fd(), path_, {ledger_.id(), directory});
    if (!put) return forward(put.error());
    claimed_ = *put;
    if (claimed_ && ::fsync(file_.fd()) != 0) return trouble("sync");
  }
  if (is_new || length_ == 0) {  // it may have been made a moment ago
    const std::filesystem::path folder = path_.has_parent_path() ? path_.parent_path() : ".";
    if (auto synced = store::sync_directory(folder); !synced) return synced;
  }
  return is_new ? ledger_.set_output_length(length_) : Result<void>{};
}

Result<void> FileSink::cut_back() {
  pending_.clear();
  written_ = length_;
  if (!announced_) return {};
  if (::ftruncate(file_.fd(), static_cast<off_t>(length_)) != 0) return trouble("cut back");
  if (::fsync(file_.fd()) != 0) return trouble("sync");
  at(Step::cut_back);
  if (auto closed = ledger_.set_output_length(length_); !closed) return closed;
  announced_ = false;
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

/// Whatever is behind the length from here on is this ledger's.
Result<void> FileSink::announce() {
  using Behind = Ledger::Behind;
  if (auto in_place = check_place(); !in_place) return in_place;
  if (auto as_left = check_size({length_, Behind::nothing}); !as_left) return as_left;
  if (auto noted = ledger_.open_output(claimed_ ? Behind::batch_and_claim : Behind::batch); !noted) return noted;
  announced_ = true;
  at(Step::prepared);
  return {};
}

Result<void> FileSink::write_pending() {
  if (pending_.empty()) return {};
  if (!announced_) {
    if (auto announced = announce(); !announced) return announced;
  }
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
  at(Step::published);
  if (announced_ && ::fsync(file_.fd()) != 0) return trouble("sync");
  at(Step::committed);
  if (auto counted = ledger_.commit_output(batch, written_); !counted) return counted;
  announced_ = false;
  length_ = written_;
  at(Step::settled);
  return {};
}

}  // namespace firstseen::ingest
