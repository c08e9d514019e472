#include "support/synced_directories.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <mutex>
#include <string>
#include <system_error>

namespace {

struct Synced {
  std::mutex mutex;
  std::set<std::filesystem::path> directories;

  static Synced& get() {
    static Synced instance;
    return instance;
  }
};

}  // namespace

namespace firstseen::test {

std::set<std::filesystem::path> synced_directories() {
  const std::scoped_lock lock(Synced::get().mutex);
  return Synced::get().directories;
}

}  // namespace firstseen::test

extern "C" int fsync(int file) {
  std::error_code unknown;
  const auto path = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(file), unknown);
  if (!unknown && std::filesystem::is_directory(path, unknown)) {
    const std::scoped_lock lock(Synced::get().mutex);
    Synced::get().directories.insert(path);
  }
  return static_cast<int>(::syscall(SYS_fsync, file));
}
