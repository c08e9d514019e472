#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ingest/file_record.h"
#include "store/lmdb.h"
#include "store/seen_store.h"

namespace firstseen::ingest {

/// What the ledger keeps, beside FileRecord. Every record is one CBOR map (RFC 8949), which may gain members.

/// One content, by its SHA-256: how far it has been ingested, whatever path it came under.
struct ContentRecord {
  std::string path;
  std::string format;
  std::uint64_t records = 0;  ///< read and decided: the next attempt goes on behind them
  std::uint64_t duplicates = 0;
  bool complete = false;
};

/// What takes effect as a whole: consecutive records of one file.
struct Batch {
  std::string path;
  std::string sha256;
  std::uint64_t records = 0;
  std::uint64_t duplicates = 0;
  bool last = false;                     ///< the file ends with it
  std::optional<store::BatchId> keys{};  ///< of the same records in the window of keys
};

/// A worker's side of the two-phase commit.
struct WorkerRecord {
  std::uint64_t sequence = 0;     ///< of the last batch it prepared
  std::optional<Batch> prepared;  ///< that batch, while it is undecided
  std::int64_t prepared_ms = -1;
};

std::string encode(const FileRecord& record);
std::string encode(const ContentRecord& record);
std::string encode(const WorkerRecord& record);

/// Nothing when the bytes are no such record.
std::optional<FileRecord> decode_file(store::Bytes bytes);
std::optional<ContentRecord> decode_content(store::Bytes bytes);
std::optional<WorkerRecord> decode_worker(store::Bytes bytes);

}  // namespace firstseen::ingest
