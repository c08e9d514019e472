#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "store/lmdb.h"
#include "store/seen_store.h"

namespace firstseen::ingest {

/// What the ledger keeps. Every record is one CBOR map (RFC 8949), which may gain members.

enum class FileStatus {
  pending,     ///< named, not yet looked at
  processing,  ///< begun; after a crash it is taken up again
  success,
  failed,  ///< `error` says why; tried again by the next run
};
inline constexpr std::array<std::string_view, 4> file_status_names{"pending", "processing", "success", "failed"};
inline std::string_view name_of(FileStatus status) { return file_status_names.at(static_cast<std::size_t>(status)); }

/// One path. Times are milliseconds since the Unix epoch, -1: not yet.
struct FileRecord {
  std::string path;
  FileStatus status = FileStatus::pending;
  std::string sha256;  ///< of the file's bytes (as stored: compressed, if it is), 64 hexadecimal digits; empty: not yet
  std::uint64_t bytes = 0;
  std::uint64_t records = 0;     ///< read from it, once it is a success
  std::uint64_t duplicates = 0;  ///< of these, left out by their key
  std::uint64_t attempts = 0;
  std::uint64_t version = 0;  ///< how many different contents were ingested under this path
  std::string alias_of;       ///< the path under which this content was ingested
  std::string error;
  std::int64_t found_ms = -1;
  std::int64_t started_ms = -1;
  std::int64_t finished_ms = -1;
};

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
