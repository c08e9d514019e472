#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace firstseen::ingest {

enum class FileStatus {
  pending,     ///< named, not yet looked at
  processing,  ///< begun; after a crash it is taken up again
  success,
  failed,  ///< `error` says why; tried again by the next run
};
inline constexpr std::array<std::string_view, 4> file_status_names{"pending", "processing", "success", "failed"};
inline std::string_view name_of(FileStatus status) { return file_status_names.at(static_cast<std::size_t>(status)); }

/// What a ledger knows of one path. Times are milliseconds since the Unix epoch, -1: not yet.
struct FileRecord {
  std::string path;  ///< absolute, without "." and ".."
  FileStatus status = FileStatus::pending;
  /// Of the last attempt: of the file's bytes (as stored: compressed, if it is), 64 hexadecimal digits; empty: not yet.
  std::string sha256;
  std::uint64_t bytes = 0;
  /// Read from the content last tried, as far as they count, also of a file that failed behind them; while none of
  /// these does, of the last success.
  std::uint64_t records = 0;
  std::uint64_t duplicates = 0;  ///< of these, left out by their key
  std::uint64_t attempts = 0;
  std::uint64_t version = 0;  ///< how many different contents were ingested under this path
  std::string alias_of;       ///< the path under which this content was ingested
  std::string error;
  std::int64_t found_ms = -1;
  std::int64_t started_ms = -1;
  std::int64_t finished_ms = -1;
  std::string ingested_sha256;  ///< as `sha256`, of the last success; stays when later attempts fail; empty: never
};

}  // namespace firstseen::ingest
