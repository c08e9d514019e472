#include "ingest/ingestor.h"

#include <fmt/format.h>

#include <atomic>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include "ingest/file_sink.h"
#include "ingest/key_filter.h"
#include "ingest/ledger.h"
#include "ingest/own_files.h"
#include "ingest/topic_publisher.h"
#include "ingest/topic_sink.h"
#include "ingest/worker.h"

namespace firstseen::ingest {
namespace {

constexpr std::uint32_t most_jobs = 64;

Result<void> check(const IngestOptions& options) {
  if (options.topic.has_value() == options.output.has_value()) {
    return fail(Exit::usage, "name one target: a topic or an output file");
  }
  if (options.jobs < 1 || options.jobs > most_jobs) {
    return fail(Exit::usage, fmt::format("jobs: from 1 to {}, not {}", most_jobs, options.jobs));
  }
  if (options.jobs > 1 && options.output) {
    return fail(Exit::usage, "an output file is written by one job: leave out --jobs");
  }
  if (options.jobs > 1 && options.keys) {
    return fail(Exit::usage, "records are compared by their keys in one job: leave out --jobs or --key");
  }
  return {};
}

/// What the workers of one run share.
struct Run {
  const std::vector<std::filesystem::path>& files;
  const Ingestor::Report& report;
  std::mutex mutex{};
  std::size_t next = 0;                          // guarded by mutex
  std::vector<std::filesystem::path> put_off{};  // guarded by mutex
  IngestSummary summary{};                       // guarded by mutex
  std::optional<Error> ended{};                  // guarded by mutex

  std::optional<std::filesystem::path> take() {
    const std::scoped_lock lock(mutex);
    if (ended || next == files.size()) return std::nullopt;
    return files[next++];
  }
  void put(const FileOutcome& outcome) {
    const std::scoped_lock lock(mutex);
    summary.processed += outcome.kind == FileOutcome::Kind::processed ? 1 : 0;
    summary.skipped += outcome.kind == FileOutcome::Kind::skipped ? 1 : 0;
    summary.failed += outcome.kind == FileOutcome::Kind::failed ? 1 : 0;
    summary.records += outcome.records;
    summary.duplicates += outcome.duplicates;
    if (outcome.kind == FileOutcome::Kind::failed) {
      summary.failed_records += outcome.records;
      summary.failed_duplicates += outcome.duplicates;
    }
    if (report) report(outcome);
  }
  void put_off_until_later(std::filesystem::path file) {
    const std::scoped_lock lock(mutex);
    put_off.push_back(std::move(file));
  }
  void end(Error error) {
    const std::scoped_lock lock(mutex);
    if (!ended) ended = std::move(error);
  }
};

class FileIngestor final : public Ingestor {
 public:
  FileIngestor(const IngestOptions& options, const Clock& clock, LogSink log)
      : options_(options), clock_(clock), log_(std::move(log)) {}

  Result<void> prepare();
  Result<IngestSummary> run(const FileList& list, const Report& report) override;

 private:
  std::unique_ptr<Sink> make_sink(std::uint32_t worker);
  Result<void> decide_what_was_left_open();
  Result<void> begin_anew();
  Result<IngestSummary> run_rounds(const FileList& list, const Report& report);
  Result<void> work(Run& run, std::uint32_t number);
  Result<void> run_round(Run& run);

  const IngestOptions options_;
  const Clock& clock_;
  const LogSink log_;
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<KeyFilter> keys_;
  std::vector<std::unique_ptr<Sink>> sinks_;  ///< by worker; made and recovered when first needed
  bool interrupted_ = false;                  ///< the last run has ended in the middle
};

std::unique_ptr<Sink> FileIngestor::make_sink(std::uint32_t worker) {
  if (options_.output) return std::make_unique<FileSink>(*ledger_, *options_.output, options_.hook);
  const PublisherFactory factory = [this](std::uint32_t number) {
    return make_topic_publisher(*options_.topic, ledger_->id(), number, log_);
  };
  return std::make_unique<TopicSink>(*ledger_, worker, factory, options_.undecided, options_.hook);
}

Result<void> FileIngestor::prepare() {
  if (auto sound = check(options_); !sound) return sound;
  auto ledger = Ledger::open(options_.ledger, clock_);
  if (!ledger) return forward(ledger.error());
  ledger_ = std::move(*ledger);
  std::string target;
  if (options_.topic) {
    const auto cluster = check_topic(*options_.topic, log_);
    if (!cluster) return forward(cluster.error());
    target = fmt::format("topic {} of cluster {}", options_.topic->topic, *cluster);
  } else {
    target = "file " + std::filesystem::absolute(*options_.output).lexically_normal().string();
  }
  if (auto pinned = ledger_->pin_target(target); !pinned) return pinned;
  sinks_.resize(options_.jobs);
  if (auto decided = decide_what_was_left_open(); !decided) return decided;
  if (!options_.keys) return {};
  auto keys = KeyFilter::open(*options_.keys, options_.ledger / keys_folder, *ledger_, clock_);
  if (!keys) return forward(keys.error());
  keys_ = std::move(*keys);
  return {};
}

/// Before any file is claimed: how far a content has come must be known, whichever worker it was that died with it, and
/// there may have been more workers than now.
Result<void> FileIngestor::decide_what_was_left_open() {
  const auto open = ledger_->undecided();
  if (!open) return forward(open.error());
  for (const Ledger::Undecided& batch : *open) {
    if (auto decided = make_sink(batch.worker)->recover(); !decided) return decided;
  }
  return {};
}

/// As a new ingestor would begin behind one that was killed: nobody knows what the sinks hold of an interrupted run.
Result<void> FileIngestor::begin_anew() {
  sinks_.clear();
  sinks_.resize(options_.jobs);
  if (auto decided = decide_what_was_left_open(); !decided) return decided;
  return keys_ ? keys_->follow_ledger() : Result<void>{};
}

Result<void> FileIngestor::work(Run& run, std::uint32_t number) {
  std::unique_ptr<Sink>& sink = sinks_[number];
  std::optional<Worker> worker;
  while (const auto file = run.take()) {
    if (!sink) {
      sink = make_sink(number);
      if (auto ready = sink->recover(); !ready) return ready;
    }
    if (!worker) worker.emplace(options_, *ledger_, *sink, keys_.get(), log_);
    const auto outcome = worker->ingest(*file);
    if (!outcome) return forward(outcome.error());
    if (*outcome) {
      run.put(**outcome);
    } else {
      run.put_off_until_later(*file);
    }
  }
  return {};
}

/// Every worker until no file is left.
Result<void> FileIngestor::run_round(Run& run) {
  const auto job = [&](std::uint32_t number) {
    if (auto worked = work(run, number); !worked) run.end(worked.error());
  };
  std::deque<std::jthread> others;
  for (std::uint32_t number = 1; number < options_.jobs && number < run.files.size(); ++number) {
    others.emplace_back(job, number);
  }
  job(0);
  others.clear();
  if (run.ended) return forward(*run.ended);
  return {};
}

Result<IngestSummary> FileIngestor::run(const FileList& list, const Report& report) {
  if (interrupted_) {
    if (auto begun = begin_anew(); !begun) return forward(begun.error());
  }
  interrupted_ = true;
  auto summary = run_rounds(list, report);
  interrupted_ = !summary;
  return summary;
}

Result<IngestSummary> FileIngestor::run_rounds(const FileList& list, const Report& report) {
  IngestSummary summary;
  std::vector<std::filesystem::path> files = list.files;
  if (const std::string own = leave_out_own(files, options_); !own.empty() && log_) log_(LogLevel::warning, own);
  if (auto added = ledger_->add_pending(files); !added) return forward(added.error());
  for (const Error& unreadable : list.unreadable) {
    ++summary.failed;
    if (report) report({FileOutcome::Kind::failed, "", 0, 0, unreadable.message});
  }
  while (!files.empty()) {
    Run round{files, report};
    round.summary = summary;
    if (auto done = run_round(round); !done) return forward(done.error());
    summary = round.summary;
    files = std::move(round.put_off);
  }
  return summary;
}

}  // namespace

Result<std::unique_ptr<Ingestor>> Ingestor::open(const IngestOptions& options, const Clock& clock, LogSink log) {
  auto ingestor = std::make_unique<FileIngestor>(options, clock, std::move(log));
  if (auto prepared = ingestor->prepare(); !prepared) return forward(prepared.error());
  std::unique_ptr<Ingestor> ready = std::move(ingestor);
  return ready;
}

Result<std::unique_ptr<Ingestor>> Ingestor::open(const IngestOptions& options, LogSink log) {
  static const SystemClock machine;
  return open(options, machine, std::move(log));
}

}  // namespace firstseen::ingest
