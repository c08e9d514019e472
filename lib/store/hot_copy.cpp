#include "store/hot_copy.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <system_error>

#include "store/directory.h"
#include "store/lmdb.h"
#include "store/snapshot.h"

namespace firstseen::store {
namespace {

namespace fs = std::filesystem;

tl::unexpected<Error> cannot(std::string_view doing, const fs::path& path, int code) {
  return fail(Exit::io, fmt::format("cannot {} {}: {}", doing, path.string(), std::generic_category().message(code)));
}

/// The environment of a sound store; nothing is kept of the snapshot that shows it to be one.
Result<std::shared_ptr<Env>> environment_of(const fs::path& directory) {
  auto snapshot = take_snapshot(directory);
  if (!snapshot) return forward(snapshot.error());
  return snapshot->env;
}

}  // namespace

Result<std::uint64_t> hot_copy(const fs::path& from, const fs::path& to, CopyLayout layout) {
  const auto env = environment_of(from);
  if (!env) return forward(env.error());
  if (::mkdir(to.c_str(), 0750) != 0) return cannot("make", to, errno);
  const fs::path path = to / data_file;
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640));
  if (file.get() < 0) return cannot("make", path, errno);
  const unsigned int flags = layout == CopyLayout::compact ? MDB_CP_COMPACT : 0U;
  if (const int code = mdb_env_copyfd2((*env)->handle(), file.get(), flags); code != 0) {
    return forward(lmdb_error(code, "copy it to " + to.string(), from));
  }
  struct stat status{};
  if (::fsync(file.get()) != 0 || ::fstat(file.get(), &status) != 0) return cannot("write", path, errno);
  if (auto synced = sync_directory(to); !synced) return forward(synced.error());
  return static_cast<std::uint64_t>(status.st_size);
}

}  // namespace firstseen::store
