#pragma once

#include <sys/types.h>

#include <filesystem>

#include "base/error.h"

namespace firstseen {

/// Who is to have what root makes in a directory: its owner, or that of the nearest one above it that is there. A
/// daemon that runs as that user could not open it otherwise. Anybody else than root makes only what is their own.
class Ownership {
 public:
  /// Of what is going to be made in `directory`, and of the directory itself.
  explicit Ownership(const std::filesystem::path& directory);

  /// Gives `made`, and all below it, as far as it is root's. Links are not followed, nor are files given that have
  /// another name elsewhere: whoever owns the directory could have put them there.
  [[nodiscard]] Result<void> give(const std::filesystem::path& made) const;

 private:
  bool gives_ = false;
  uid_t user_ = 0;
  gid_t group_ = 0;
  std::filesystem::path first_missing_;  ///< on the way to the directory; empty: it was there
};

}  // namespace firstseen
