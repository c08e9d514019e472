#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "ingest/file_list.h"
#include "ingest/format.h"
#include "ingest/output_record.h"
#include "ingest/steps.h"
#include "ingest/topic_options.h"
#include "ingest/undecided.h"
#include "key/spec.h"

namespace firstseen::ingest {

/// Leaves out records whose key was seen; the key's value is the record, nothing else is there.
struct RecordKeys {
  key::KeySpec spec;
  Millis ttl{24LL * 3600 * 1000};
  std::uint64_t max_size_bytes = 64ULL << 30U;
};

struct IngestOptions {
  std::filesystem::path ledger;                      ///< directory of its own; created if absent
  std::optional<TopicOptions> topic = {};            ///< exactly one of topic and output is set
  std::optional<std::filesystem::path> output = {};  ///< an output file; one job only
  Format format = Format::automatic;
  std::uint32_t jobs = 1;                     ///< files at once, 1 to 64; 1 with `output` and with `keys`
  std::uint64_t records_per_transaction = 0;  ///< 0: a file is one transaction
  bool refuse_changed = false;                ///< a path whose content has changed since it succeeded fails
  Undecided undecided = Undecided::ask;
  std::optional<RecordKeys> keys = {};
  Transform transform = {};  ///< may be empty
  StepHook hook = {};        ///< may be empty
};

struct FileOutcome {
  enum class Kind { processed, skipped, failed } kind = Kind::processed;
  std::string path{};
  std::uint64_t records = 0;     ///< that count and were not told of before, also of a run that was killed
  std::uint64_t duplicates = 0;  ///< of these, left out by their key
  std::string detail{};          ///< why it failed or was skipped
};

/// Counts of files, and of the records that count since and were not told of before.
struct IngestSummary {
  std::uint64_t processed = 0;
  std::uint64_t skipped = 0;
  std::uint64_t failed = 0;
  std::uint64_t records = 0;            ///< of all files
  std::uint64_t duplicates = 0;         ///< of these, left out by their key
  std::uint64_t failed_records = 0;     ///< of `records`, those of files that failed behind them
  std::uint64_t failed_duplicates = 0;  ///< of `duplicates`
};

/// Puts files into a Kafka topic or an output file, each content exactly once however often it runs and wherever it is
/// killed. Not thread-safe; its workers are threads of its own, which have ended when run() returns. Not for a forked
/// child, which does not hold its locks: there run() fails with Exit::internal.
class Ingestor {
 public:
  /// Checks the options, opens the ledger, checks the target, and decides what the last run left open. Exit::config:
  /// options, another target, no such topic; try_again: the ledger is held; unavailable: no broker. `clock` must
  /// outlive the ingestor; `log` may be empty, and is called by the workers' threads, also at the same time.
  static Result<std::unique_ptr<Ingestor>> open(const IngestOptions& options, const Clock& clock, LogSink log);
  /// By the machine's clock.
  static Result<std::unique_ptr<Ingestor>> open(const IngestOptions& options, LogSink log = {});

  virtual ~Ingestor() = default;
  Ingestor() = default;
  Ingestor(const Ingestor&) = delete;
  Ingestor& operator=(const Ingestor&) = delete;
  Ingestor(Ingestor&&) = delete;
  Ingestor& operator=(Ingestor&&) = delete;

  /// Called for every file when it is finished, one at a time, from a worker's thread.
  using Report = std::function<void(const FileOutcome&)>;

  /// Takes the files in their order, but for its own ledger and output, which are left out with a warning. A failing
  /// file does not stop the others; an error means that the run had to end (no broker, ledger not writable), and may be
  /// repeated.
  virtual Result<IngestSummary> run(const FileList& list, const Report& report) = 0;
};

}  // namespace firstseen::ingest
