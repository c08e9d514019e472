#pragma once

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include "base/error.h"

namespace firstseen::demo {

/// A new directory under the system's temporary one, removed with all that is in it.
class ScratchDirectory {
 public:
  ScratchDirectory() = default;
  ~ScratchDirectory() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  ScratchDirectory(ScratchDirectory&&) = delete;
  ScratchDirectory& operator=(ScratchDirectory&&) = delete;

  /// Makes it, once.
  Result<void> make() {
    std::error_code error;
    std::string pattern = (std::filesystem::temp_directory_path(error) / "firstseen-demo-XXXXXX").native();
    if (!error && ::mkdtemp(pattern.data()) == nullptr) error = {errno, std::generic_category()};
    if (!error) {
      path_ = pattern;
      return {};
    }
    const char* set = std::getenv("TMPDIR");  // NOLINT(concurrency-mt-unsafe): before any thread
    return fail(Exit::io, fmt::format("cannot make a directory for the demo's store in {}: {}; set TMPDIR to a "
                                      "directory that can be written",
                                      set != nullptr ? fmt::format("TMPDIR ({})", set) : "the temporary directory",
                                      error.message()));
  }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace firstseen::demo
