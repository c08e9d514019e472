#pragma once

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include "base/error.h"

namespace firstseen {

/// A directory in which something is made before it is put where it belongs by a rename; removed with all that is in it
/// unless that has happened.
class StagingDirectory {
 public:
  /// Named `prefix` and six characters.
  static Result<StagingDirectory> make(const std::filesystem::path& prefix) {
    std::string pattern = prefix.native() + "XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) {
      return fail(Exit::io, "cannot make a directory " + pattern + ": " + std::generic_category().message(errno));
    }
    return StagingDirectory(pattern);
  }
  ~StagingDirectory() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  StagingDirectory(StagingDirectory&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  StagingDirectory& operator=(StagingDirectory&&) = delete;
  StagingDirectory(const StagingDirectory&) = delete;
  StagingDirectory& operator=(const StagingDirectory&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  /// What is in it is needed: it is never removed.
  void keep() { path_.clear(); }

  /// Renames it; then it stays.
  Result<void> become(const std::filesystem::path& place) {
    std::error_code error;
    std::filesystem::permissions(path_, std::filesystem::perms::group_read | std::filesystem::perms::group_exec,
                                 std::filesystem::perm_options::add, error);
    if (!error) std::filesystem::rename(path_, place, error);
    if (error)
      return fail(Exit::io, "cannot rename " + path_.native() + " to " + place.native() + ": " + error.message());
    path_.clear();
    return {};
  }

 private:
  explicit StagingDirectory(std::filesystem::path path) : path_(std::move(path)) {}

  std::filesystem::path path_;
};

}  // namespace firstseen
