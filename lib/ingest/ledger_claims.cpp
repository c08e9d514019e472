#include <fmt/format.h>

#include <utility>

#include "ingest/ledger.h"
#include "ingest/ledger_tables.h"

namespace firstseen::ingest {
using namespace ledger_tables;  // NOLINT(google-build-using-namespace): rows are what this file is about

namespace {

Claim of_kind(Claim::Kind kind) {
  Claim claim;
  claim.kind = kind;
  return claim;
}

/// The path has all that the content had: the file is a success without any record of its own.
void take_over(FileRecord& file, const ContentRecord& content, std::int64_t now_ms) {
  file.status = FileStatus::success;
  file.ingested_sha256 = file.sha256;
  file.alias_of = content.path == file.path ? "" : content.path;
  file.records = content.records;
  file.duplicates = content.duplicates;
  file.error.clear();
  file.finished_ms = now_ms;
}

/// What has been ingested of a content that goes on under another path is told under that one only.
Result<void> take_from_former_path(store::Txn& txn, store::Dbi files, const ContentRecord& content,
                                   const Ledger::Candidate& candidate) {
  if (content.records == 0 || content.path == candidate.path) return {};
  auto former = file_at(txn, files, content.path);
  if (!former) return forward(former.error());
  if (!*former || (*former)->sha256 != candidate.sha256) return {};
  (*former)->records = 0;
  (*former)->duplicates = 0;
  return put_file(txn, files, **former);
}

}  // namespace

Result<Claim> Ledger::claim(const Candidate& candidate, bool may_be_changed) {
  Claim claim;
  bool taken = false;
  auto written = write([&](store::Txn& txn) -> Result<void> {
    auto made = claim_in(txn, candidate, {.may_be_changed = may_be_changed, .in_hand = false});
    if (!made) return forward(made.error());
    claim = std::move(*made);
    taken = claim.kind == Claim::Kind::ingest && in_hand_.insert(candidate.sha256).second;
    return {};
  });
  if (written) return claim;
  if (taken) release(candidate.sha256);
  return forward(written.error());
}

Result<Claim> Ledger::claim_again(const Candidate& candidate) {
  Claim claim;
  auto written = write([&](store::Txn& txn) -> Result<void> {
    auto made = claim_in(txn, candidate, {.may_be_changed = true, .in_hand = true});
    if (!made) return forward(made.error());
    claim = std::move(*made);
    return {};
  });
  if (!written) return forward(written.error());
  return claim;
}

Result<Claim> Ledger::claim_in(store::Txn& txn, const Candidate& candidate, const Asking& asking) {
  auto known_file = file_at(txn, tables_.files, candidate.path);
  if (!known_file) return forward(known_file.error());
  auto known_content = content_at(txn, tables_.contents, candidate.sha256);
  if (!known_content) return forward(known_content.error());
  FileRecord file = known_file->value_or(FileRecord{});
  // Attempts that failed in between do not make it any less a changed file.
  const bool changed = !file.ingested_sha256.empty() && file.ingested_sha256 != candidate.sha256;
  if (changed && !asking.may_be_changed) return of_kind(Claim::Kind::changed);
  if (file.status == FileStatus::success && !changed) return of_kind(Claim::Kind::done);

  const std::string before = std::exchange(file.sha256, candidate.sha256);
  file.path = candidate.path;
  file.bytes = candidate.bytes;
  if (*known_content && (*known_content)->complete) {
    take_over(file, **known_content, clock_.wall_ms());
    if (auto put = put_file(txn, tables_.files, file); !put) return forward(put.error());
    Claim claim = of_kind(file.alias_of.empty() ? Claim::Kind::done : Claim::Kind::alias);
    claim.alias_of = file.alias_of;
    return claim;
  }
  if (!asking.in_hand) {
    if (in_hand_.contains(candidate.sha256)) return of_kind(Claim::Kind::busy);
    const auto decided = check_decided(txn, candidate.sha256);
    if (!decided && decided.error().exit != Exit::try_again) return forward(decided.error());
    if (!decided) return of_kind(Claim::Kind::busy);  // who published that has ended the run; the next one asks first
  }
  return begin_in(txn, candidate, known_content->value_or(ContentRecord{}), std::move(file), before);
}

/// The file's next attempt; `before` is the content that the last one was of.
Result<Claim> Ledger::begin_in(store::Txn& txn, const Candidate& candidate, ContentRecord content, FileRecord file,
                               const std::string& before) {
  if (content.records != 0 && content.format != candidate.format) {
    return fail(Exit::usage, fmt::format("{}: {} records were ingested as {}: go on with --format {}", candidate.path,
                                         content.records, content.format, content.format));
  }
  if (auto taken = take_from_former_path(txn, tables_.files, content, candidate); !taken) return forward(taken.error());
  content.path = candidate.path;
  content.format = candidate.format;
  Claim claim;
  claim.skip_records = content.records;
  if (before != candidate.sha256) {
    const auto other = content_at(txn, tables_.contents, before);
    if (!other) return forward(other.error());
    if (*other && !(*other)->complete) claim.abandoned_records = (*other)->records;
  }
  if (content.records != 0 || claim.abandoned_records != 0) {  // else those of its last success stay
    file.records = content.records;
    file.duplicates = content.duplicates;
  }
  file.status = FileStatus::processing;
  file.alias_of.clear();
  file.error.clear();
  ++file.attempts;
  file.started_ms = clock_.wall_ms();
  file.finished_ms = -1;
  if (auto put = put_text(txn, tables_.contents, candidate.sha256, encode(content)); !put) return forward(put.error());
  if (auto put = put_file(txn, tables_.files, file); !put) return forward(put.error());
  return claim;
}

void Ledger::release(const std::string& sha256) {
  const std::scoped_lock lock(mutex_);
  in_hand_.erase(sha256);
}

Result<void> Ledger::fail_file(const std::string& path, const std::string& error) {
  return write([&](store::Txn& txn) -> Result<void> {
    auto known = file_at(txn, tables_.files, path);
    if (!known) return forward(known.error());
    FileRecord file = known->value_or(FileRecord{});
    if (file.status != FileStatus::processing) ++file.attempts;  // it did not come as far as a claim
    file.path = path;
    file.status = FileStatus::failed;
    file.error = error;
    file.finished_ms = clock_.wall_ms();
    return put_file(txn, tables_.files, file);
  });
}

}  // namespace firstseen::ingest
