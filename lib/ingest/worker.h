#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/log.h"
#include "ingest/block_source.h"
#include "ingest/ingestor.h"
#include "ingest/key_filter.h"
#include "ingest/ledger.h"
#include "ingest/sink.h"

namespace firstseen::ingest {

/// Takes one file after the other into its sink. One thread; the ledger is shared.
class Worker {
 public:
  /// `keys` may be null. All references outlive the worker.
  Worker(const IngestOptions& options, Ledger& ledger, Sink& sink, KeyFilter* keys, const LogSink& log)
      : options_(options), ledger_(ledger), sink_(sink), keys_(keys), log_(log) {}

  /// Nothing: another worker has the same content in hand, ask again later. An error ends the run.
  Result<std::optional<FileOutcome>> ingest(const std::filesystem::path& file);

 private:
  /// What ended an attempt: the file's own fault, or the sink's trouble.
  struct Trouble {
    bool of_file = false;
    Error error;
  };
  using Attempt = tl::expected<void, Trouble>;

  /// A file as it was when it was read for the first time.
  struct Examined {
    Ledger::Candidate candidate;
    BlockDigests blocks;
  };

  Result<Examined> examine(const std::filesystem::path& file) const;
  Result<std::optional<FileOutcome>> settle_claim(const Claim& claim, const Ledger::Candidate& candidate);
  bool count(FileOutcome& outcome, const std::string& sha256);
  Result<FileOutcome> publish(const Examined& file, Claim claim);
  Attempt attempt(const Examined& file, const Claim& claim);
  Attempt take(const Record& record, Batch& batch);
  Attempt commit(Batch& batch);
  Result<std::optional<std::string>> clean_up(const Trouble& trouble);
  Result<FileOutcome> failed(const std::string& path, const std::string& why);

  const IngestOptions& options_;
  Ledger& ledger_;
  Sink& sink_;
  KeyFilter* keys_;
  const LogSink& log_;
  OutputRecord out_;
};

}  // namespace firstseen::ingest
