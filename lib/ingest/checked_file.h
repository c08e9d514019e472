#pragma once

#include <filesystem>
#include <memory>

#include "base/error.h"
#include "ingest/block_source.h"
#include "ingest/record_reader.h"
#include "ingest/sha256.h"

namespace firstseen::ingest {

/// A file that is read twice: once for its digest, then for its records. Nothing but a regular file can be.
struct CheckedFile {
  HashingSource* bytes = nullptr;  ///< of the file as it is stored; lives as long as `reader`
  std::unique_ptr<RecordReader> reader;
};

/// `blocks`, which outlives the reader, takes what the file's blocks are.
Result<CheckedFile> read_first(const std::filesystem::path& path, Format format, BlockDigests& blocks);

/// The reader gives records of what `blocks`, which outlives it, was taken of, and of nothing else.
Result<CheckedFile> read_again(const std::filesystem::path& path, Format format, const BlockDigests& blocks);

}  // namespace firstseen::ingest
