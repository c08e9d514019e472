#pragma once

#include <string>
#include <vector>

#include "ingest/file_record.h"
#include "ingest/ingestor.h"
#include "output.h"

namespace firstseen::ingest_command {

/// A run's result for people and for machines.
std::string summary_text(const ingest::IngestSummary& summary);
Json summary_json(const ingest::IngestSummary& summary, const std::vector<ingest::FileOutcome>& outcomes);

/// The ledger.
std::string status_text(const std::vector<ingest::FileRecord>& files);
Json status_json(const std::vector<ingest::FileRecord>& files);

}  // namespace firstseen::ingest_command
