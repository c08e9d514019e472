#include "ownership.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <vector>

namespace firstseen {
namespace {

namespace fs = std::filesystem;

/// Root's, and nobody else has led it here.
bool is_to_give(const fs::path& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0 || status.st_uid != 0) return false;
  return S_ISDIR(status.st_mode) || (S_ISREG(status.st_mode) && status.st_nlink == 1);
}

}  // namespace

Ownership::Ownership(const fs::path& directory) {
  if (::geteuid() != 0) return;
  std::error_code error;
  fs::path nearest = fs::absolute(directory, error).lexically_normal();
  struct stat owner{};
  while (::stat(nearest.c_str(), &owner) != 0) {
    if (errno != ENOENT || !nearest.has_relative_path()) return;
    if (nearest.has_filename()) first_missing_ = nearest;  // not with a '/' at its end
    nearest = nearest.parent_path();
  }
  user_ = owner.st_uid;
  group_ = owner.st_gid;
  gives_ = user_ != 0;
}

Result<void> Ownership::give(const fs::path& made) const {
  const fs::path& top = first_missing_.empty() ? made : first_missing_;
  std::error_code error;
  if (!gives_ || !fs::is_directory(fs::symlink_status(top, error))) return {};
  std::vector<fs::path> paths{top};
  for (fs::recursive_directory_iterator entry(top, error); !error && entry != fs::recursive_directory_iterator();
       entry.increment(error)) {
    paths.push_back(entry->path());
  }
  if (error) return fail(Exit::io, fmt::format("cannot list {}: {}", top.string(), error.message()));
  for (const fs::path& path : paths) {
    if (!is_to_give(path) || ::lchown(path.c_str(), user_, group_) == 0) continue;
    return fail(Exit::io,
                fmt::format("cannot give {} to uid {}, who has the directory around it: {}; run: chown -R {}:{} {}",
                            path.string(), user_, std::generic_category().message(errno), user_, group_, top.string()));
  }
  return {};
}

}  // namespace firstseen
