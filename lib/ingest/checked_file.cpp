#include "ingest/checked_file.h"

#include <fmt/format.h>

#include <system_error>
#include <utility>

#include "ingest/decompress.h"

namespace firstseen::ingest {
namespace {

namespace fs = std::filesystem;

/// A pipe would be empty when it is read for the second time, or wait for ever.
Result<std::unique_ptr<FileSource>> open_regular(const fs::path& path) {
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  if (!fs::exists(status) || fs::is_regular_file(status)) return FileSource::open(path);
  return fail(
      Exit::bad_data,
      fmt::format("cannot read {}: it is no regular file, and it must be read twice; copy it into one", path.string()));
}

Result<CheckedFile> open(std::unique_ptr<BlockSource> blocks, Format format) {
  auto hashing = HashingSource::make(std::move(blocks));
  if (!hashing) return forward(hashing.error());
  CheckedFile file;
  file.bytes = hashing->get();
  auto plain = decompressed(std::move(*hashing));
  if (!plain) return forward(plain.error());
  file.reader = make_record_reader(format, std::move(*plain));
  return file;
}

}  // namespace

Result<CheckedFile> read_first(const fs::path& path, Format format, BlockDigests& blocks) {
  auto file = open_regular(path);
  if (!file) return forward(file.error());
  return open(BlockSource::noting(std::move(*file), blocks), format);
}

Result<CheckedFile> read_again(const fs::path& path, Format format, const BlockDigests& blocks) {
  auto file = open_regular(path);
  if (!file) return forward(file.error());
  return open(BlockSource::checking(std::move(*file), blocks), format);
}

}  // namespace firstseen::ingest
