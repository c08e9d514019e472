#include "ingest/worker.h"

#include <fmt/format.h>

#include <utility>

#include "ingest/checked_file.h"
#include "ingest/record_reader.h"

namespace firstseen::ingest {
namespace {

/// How often a file is tried again in one run after trouble that may pass.
constexpr int most_attempts = 3;

Result<void> read_to_the_end(RecordReader& reader) {
  Record record;
  while (true) {
    const auto more = reader.next(record);
    if (!more) return forward(more.error());
    if (!*more) return {};
  }
}

}  // namespace

/// The file's digest. Where it is published in several transactions, all of it is also read, so that a fault in it is
/// found before the first of its records is published.
Result<Worker::Examined> Worker::examine(const std::filesystem::path& file) const {
  auto format = options_.format == Format::automatic ? format_of(file) : Result<Format>(options_.format);
  if (!format) return forward(format.error());
  Examined examined;
  auto opened = read_first(file, *format, examined.blocks);
  if (!opened) return forward(opened.error());
  if (options_.records_per_transaction != 0) {
    if (auto sound = read_to_the_end(*opened->reader); !sound) return forward(sound.error());
  }
  const auto sha256 = opened->bytes->hex_of_everything();
  if (!sha256) return forward(sha256.error());
  examined.candidate = {file.string(), *sha256, opened->bytes->bytes(), std::string(format_name(*format))};
  return examined;
}

Result<std::optional<FileOutcome>> Worker::ingest(const std::filesystem::path& file) {
  const auto as_answer = [](Result<FileOutcome> outcome) -> Result<std::optional<FileOutcome>> {
    if (!outcome) return forward(outcome.error());
    return std::optional(std::move(*outcome));
  };
  const auto examined = examine(file);
  if (!examined) return as_answer(failed(file.string(), examined.error().message));
  const Ledger::Candidate& candidate = examined->candidate;
  const auto claim = ledger_.claim(candidate, !options_.refuse_changed);
  if (!claim && claim.error().exit == Exit::usage) {
    auto outcome = failed(candidate.path, claim.error().message);
    if (outcome) count(*outcome, candidate.sha256);
    return as_answer(std::move(outcome));
  }
  if (!claim) return forward(claim.error());
  if (claim->kind != Claim::Kind::ingest) return settle_claim(*claim, candidate);
  if (claim->abandoned_records != 0 && log_) {
    log_(LogLevel::warning, fmt::format("{} has changed: {} records of its former content were ingested and stay",
                                        candidate.path, claim->abandoned_records));
  }
  auto outcome = publish(*examined, *claim);
  if (outcome) count(*outcome, candidate.sha256);
  ledger_.release(candidate.sha256);
  return as_answer(std::move(outcome));
}

/// With what an earlier attempt, or a process that was killed, had committed without its being told. Of a file that
/// failed, too: what counts stays, and no later success tells of it.
bool Worker::count(FileOutcome& outcome, const std::string& sha256) {
  const auto counted = ledger_.take_counted(sha256);
  if (!counted) return false;
  outcome.records = counted->records;
  outcome.duplicates = counted->duplicates;
  return true;
}

Result<std::optional<FileOutcome>> Worker::settle_claim(const Claim& claim, const Ledger::Candidate& candidate) {
  FileOutcome outcome{FileOutcome::Kind::skipped, candidate.path};
  switch (claim.kind) {
    case Claim::Kind::busy:
      return std::optional<FileOutcome>();
    case Claim::Kind::alias:
      outcome.detail = "same content as " + claim.alias_of;
      return std::optional(outcome);
    case Claim::Kind::changed:
      // The record of its success stays as it is.
      outcome.kind = FileOutcome::Kind::failed;
      outcome.detail =
          candidate.path + ": its content has changed since it was ingested, which --refuse-changed forbids";
      return std::optional(outcome);
    case Claim::Kind::done:
    case Claim::Kind::ingest:
      break;
  }
  if (count(outcome, candidate.sha256)) {
    outcome.kind = FileOutcome::Kind::processed;  // nobody has told of it yet
  } else {
    outcome.detail = "ingested before";
  }
  return std::optional(outcome);
}

Result<FileOutcome> Worker::failed(const std::string& path, const std::string& why) {
  if (auto written = ledger_.fail_file(path, why); !written) return forward(written.error());
  return FileOutcome{FileOutcome::Kind::failed, path, 0, 0, why};
}

Result<FileOutcome> Worker::publish(const Examined& file, Claim claim) {
  const Ledger::Candidate& candidate = file.candidate;
  std::string why;
  for (int attempts = 0; attempts < most_attempts; ++attempts) {
    if (options_.hook) options_.hook(Step::claimed);
    const Attempt ended = attempt(file, claim);
    if (ended) return FileOutcome{FileOutcome::Kind::processed, candidate.path};
    const auto verdict = clean_up(ended.error());
    if (!verdict) return forward(verdict.error());
    if (*verdict) return failed(candidate.path, **verdict);
    why = ended.error().error.message;
    if (log_) log_(LogLevel::warning, fmt::format("{}: {}; trying again", candidate.path, why));
    // Some of it may be settled by now: ask the ledger where to go on.
    auto again = ledger_.claim_again(candidate);
    if (!again) return forward(again.error());
    if (again->kind != Claim::Kind::ingest) return FileOutcome{FileOutcome::Kind::processed, candidate.path};
    claim = std::move(*again);
  }
  return failed(candidate.path, fmt::format("{} (after {} attempts)", why, most_attempts));
}

/// Nothing of the attempt is left open afterwards. Why the file has failed, or nothing: it may be tried again.
Result<std::optional<std::string>> Worker::clean_up(const Trouble& trouble) {
  const Error& error = trouble.error;
  if (!trouble.of_file && error.action != Action::abort && error.action != Action::restart) return forward(error);
  std::optional<std::string> verdict;
  if (trouble.of_file || error.exit == Exit::bad_data) verdict = error.message;
  bool recover = error.action == Action::restart && !trouble.of_file;
  if (!recover) {
    const auto aborted = sink_.abort();
    if (!aborted && aborted.error().action == Action::abort && aborted.error().exit == Exit::bad_data) {
      verdict = aborted.error().message;
    } else if (!aborted && aborted.error().action == Action::stop) {
      return forward(aborted.error());
    } else if (!aborted) {
      recover = true;
    }
  }
  if (recover) {
    if (auto recovered = sink_.recover(); !recovered) return forward(recovered.error());
  }
  if (keys_ != nullptr) {
    if (auto followed = keys_->follow_ledger(); !followed) return forward(followed.error());
  }
  return verdict;
}

Worker::Attempt Worker::attempt(const Examined& file, const Claim& claim) {
  const Ledger::Candidate& candidate = file.candidate;
  const auto of_file = [](const Error& error) { return tl::unexpected(Trouble{true, error}); };
  const auto of_sink = [](const Error& error) { return tl::unexpected(Trouble{false, error}); };
  const auto format = parse_format(candidate.format);
  if (!format) return of_file(format.error());
  auto opened = read_again(candidate.path, *format, file.blocks);
  if (!opened) return of_file(opened.error());
  const auto new_batch = [&] { return Batch{candidate.path, candidate.sha256}; };
  Batch batch = new_batch();
  if (auto begun = sink_.begin(); !begun) return of_sink(begun.error());
  Record record;
  while (true) {
    const auto more = opened->reader->next(record);
    if (!more) return of_file(more.error());
    if (!*more) break;
    if (record.number <= claim.skip_records) continue;
    if (batch.records != 0 && batch.records == options_.records_per_transaction) {
      if (auto done = commit(batch); !done) return done;
      batch = new_batch();
      if (auto begun = sink_.begin(); !begun) return of_sink(begun.error());
    }
    if (auto taken = take(record, batch); !taken) return taken;
  }
  const auto sha256 = opened->bytes->hex_of_everything();
  if (!sha256) return of_file(sha256.error());
  if (*sha256 != candidate.sha256) {
    return of_file({Action::stop, Exit::bad_data, candidate.path + ": the file changed while it was being read"});
  }
  batch.last = true;
  return commit(batch);
}

Worker::Attempt Worker::take(const Record& record, Batch& batch) {
  ++batch.records;
  const auto of_file = [&](const Error& error) {
    return tl::unexpected(Trouble{true, {error.action, error.exit, batch.path + ": " + error.message}});
  };
  if (keys_ != nullptr) {
    const auto first_seen = keys_->is_first_seen(record);
    if (!first_seen) return of_file(first_seen.error());
    if (!*first_seen) {
      ++batch.duplicates;
      return {};
    }
  }
  out_.key.reset();
  out_.value.assign(record.bytes);
  if (options_.transform) {
    const auto wanted = options_.transform(record, out_);
    if (!wanted) return of_file(wanted.error());
    if (!*wanted) return {};
  }
  if (auto added = sink_.add(out_, batch.path, record.number); !added) {
    return tl::unexpected(Trouble{false, added.error()});
  }
  return {};
}

Worker::Attempt Worker::commit(Batch& batch) {
  const auto of_sink = [](const Error& error) { return tl::unexpected(Trouble{false, error}); };
  if (keys_ != nullptr) {
    const auto prepared = keys_->prepare();
    if (!prepared) return of_sink(prepared.error());
    batch.keys = *prepared;
    if (options_.hook) options_.hook(Step::keys_prepared);
  }
  if (auto committed = sink_.commit(batch); !committed) return of_sink(committed.error());
  if (keys_ != nullptr) {
    if (auto followed = keys_->follow_ledger(); !followed) return of_sink(followed.error());
  }
  return {};
}

}  // namespace firstseen::ingest
