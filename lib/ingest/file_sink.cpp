#include "ingest/file_sink.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "ingest/output_claim.h"
#include "store/directory.h"

namespace firstseen::ingest {
namespace {

constexpr std::size_t most_pending_bytes = std::size_t{1} << 20U;
/// How far a batch that is larger may be written before the ledger notes its end anew, which is a synced commit.
constexpr std::size_t noted_ahead_bytes = std::size_t{16} << 20U;

}  // namespace

void FileSink::at(Step step) const {
  if (hook_) hook_(step);
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

Result<void> FileSink::note_end(std::uint64_t end) {
  using Behind = Ledger::Behind;
  return ledger_.open_output(claimed_ ? Behind::batch_and_claim : Behind::batch, end);
}

/// What is behind the length from here on, up to the end that is noted, is this ledger's.
Result<void> FileSink::announce() {
  const bool is_first = !announced_;
  if (is_first) {
    if (auto in_place = check_place(); !in_place) return in_place;
    if (auto as_left = check_size({length_, Ledger::Behind::nothing}); !as_left) return as_left;
  }
  const bool is_all = pending_.size() < most_pending_bytes;
  const std::uint64_t end = written_ + (is_all ? pending_.size() : std::max(pending_.size(), noted_ahead_bytes));
  if (auto noted = note_end(end); !noted) return noted;
  noted_ = end;
  announced_ = true;
  if (is_first) at(Step::prepared);
  return {};
}

/// Appended, wherever that may be: whatever others write meanwhile, none of it is overwritten.
Result<void> FileSink::write_pending() {
  if (pending_.empty()) return {};
  if (!announced_ || noted_ < written_ + pending_.size()) {
    if (auto announced = announce(); !announced) return announced;
  }
  if (auto undisturbed = check_undisturbed(); !undisturbed) return undisturbed;
  std::string_view rest = pending_;
  while (!rest.empty()) {
    const ssize_t count = ::write(file_.fd(), rest.data(), rest.size());
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
  if (announced_) {
    if (auto undisturbed = check_undisturbed(); !undisturbed) return undisturbed;
    if (::fsync(file_.fd()) != 0) return trouble("sync");
  }
  at(Step::committed);
  if (auto counted = ledger_.commit_output(batch, written_); !counted) return counted;
  announced_ = false;
  length_ = written_;
  at(Step::settled);
  return {};
}

Result<void> FileSink::abort() {
  if (announced_) {
    if (auto undisturbed = check_undisturbed(); !undisturbed) return undisturbed;
  }
  return cut_back();
}

}  // namespace firstseen::ingest
