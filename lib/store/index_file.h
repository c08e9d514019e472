#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "store/directory.h"
#include "store/growing_index.h"
#include "store/index_file_head.h"

namespace firstseen::store {

/// The index as a file beside the environment, left by a clean stop, so that the next start need not read the log.
/// Specified in README.md. It is only ever a shortcut: whoever cannot use it reads the log.

/// What came of saving.
struct SavedIndex {
  std::uint64_t bytes = 0;
};

/// Writes the file under another name, syncs it and gives it its own. When that takes longer than `at_most` (in steps
/// of 32 MiB) or there is not twice the space that it needs, nothing is left behind and the Error says why.
Result<SavedIndex> save_index(const std::filesystem::path& directory, const IndexFileKey& key, const LogExtent& extent,
                              const GrowingIndex& index, Millis at_most);

/// A file whose head fits.
class IndexFile {
 public:
  /// Nothing when there is no file; an Error when there is one that must not be used, and why.
  static Result<std::optional<IndexFile>> open(const std::filesystem::path& directory, const IndexFileKey& key);

  /// What the log must be for the positions to be right.
  [[nodiscard]] const LogExtent& extent() const { return head_.extent; }
  /// Replaces what the index holds, if all of the file is sound; on all cores.
  Result<void> load(GrowingIndex& index) const;

 private:
  IndexFile(FileDescriptor file, IndexFileHead head) : file_(std::move(file)), head_(std::move(head)) {}

  FileDescriptor file_;
  IndexFileHead head_;
};

/// Removes the file, and what a crash left of an attempt to write it, and syncs the directory if there was any. To be
/// done before the first write to the store.
Result<void> remove_index_file(const std::filesystem::path& directory);

}  // namespace firstseen::store
