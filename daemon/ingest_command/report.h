#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "ingest/file_record.h"
#include "ingest/ingestor.h"
#include "output.h"

namespace firstseen::ingest_command {

/// A run's result for people and for machines.
std::string summary_text(const ingest::IngestSummary& summary);
/// `effective_window`: how far back the keys of records are known; nothing without keys.
Json summary_json(const ingest::IngestSummary& summary, const std::vector<ingest::FileOutcome>& outcomes,
                  const std::optional<Millis>& effective_window);

/// How far back the keys of records are known at the end of a run, if it compared any. Warns on stderr when that is
/// less than their ttl, or cannot be told.
std::optional<Millis> effective_window(const ingest::IngestOptions& options, const Clock& clock);

/// The ledger.
std::string status_text(const std::vector<ingest::FileRecord>& files);
Json status_json(const std::vector<ingest::FileRecord>& files);

}  // namespace firstseen::ingest_command
