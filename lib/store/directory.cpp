#include "store/directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "store/codec.h"
#include "store/io_advice.h"
#include "store/lmdb_meta.h"

namespace firstseen::store {
namespace {

namespace fs = std::filesystem;

constexpr std::streamsize head_bytes = 64;  // of the meta page: with all that is looked at here
constexpr long largest_lmdb_page = 32768;

tl::unexpected<Error> system_error(Action action, const fs::path& path, std::string_view doing, int code) {
  return fail(action, Exit::io,
              fmt::format("store: cannot {} {}: {}; {}", doing, path.string(), std::strerror(code),
                          io_advice(code, "check the directory's owner, its permissions and the free space")));
}

tl::unexpected<Error> not_a_store(const fs::path& directory, const std::string& why) {
  return fail(Exit::config, fmt::format("{} is not a store of this program: {}. Nothing was changed; set store.path to "
                                        "a directory of its own",
                                        directory.string(), why));
}

Result<void> check_data_file(const fs::path& directory) {
  const fs::path path = directory / data_file;
  lmdb::MetaPage meta{};
  std::ifstream file(path, std::ios::binary);
  if (!file) return system_error(Action::stop, path, "read", errno);
  file.read(reinterpret_cast<char*>(&meta), head_bytes);
  if (file.gcount() == 0) return {};  // a crash at the very first start
  if (file.gcount() < head_bytes) return not_a_store(directory, "its data.mdb is too short");
  if (meta.magic == lmdb::magic_in_other_byte_order) {
    return not_a_store(directory, "its data.mdb was written on a machine with the other byte order");
  }
  if (meta.magic != lmdb::magic) return not_a_store(directory, "its data.mdb is not an LMDB file");
  if (meta.version != lmdb::data_version) {
    return not_a_store(
        directory, fmt::format("its data.mdb has LMDB's data version {}, not {}", meta.version, lmdb::data_version));
  }
  const std::uint32_t page = meta.page_bytes();
  const auto expected = static_cast<std::uint32_t>(std::min(sysconf(_SC_PAGESIZE), largest_lmdb_page));
  if (page != expected) {
    return not_a_store(directory,
                       fmt::format("its data.mdb has pages of {} bytes, this machine uses {}", page, expected));
  }
  return {};
}

/// For whoever meets the lock, over what is there, which takes no space. On a full disk that has none of it the lock
/// holds all the same, and nobody is told. Returns an errno.
int write_pid(int file) {
  const std::string pid = std::to_string(getpid()) + "\n";
  if (pwrite(file, pid.data(), pid.size(), 0) >= 0) {
    return ftruncate(file, static_cast<off_t>(pid.size())) == 0 ? 0 : errno;
  }
  const int code = errno;
  if (code != ENOSPC && code != EDQUOT && code != EFBIG) return code;
  [[maybe_unused]] const int emptied = ftruncate(file, 0);  // it may hold another process's
  return 0;
}

}  // namespace

Result<OwnerLock> OwnerLock::acquire(const fs::path& directory) {
  const fs::path path = directory / owner_file;
  HeldLock file(path, O_RDWR | O_CREAT, 0640);
  if (file.fd() < 0) return system_error(Action::stop, path, "open", errno);
  if (!file.try_lock()) {
    if (errno != EWOULDBLOCK) return system_error(Action::stop, path, "lock", errno);
    std::string pid;
    std::ifstream(path) >> pid;
    return fail(Action::stop, Exit::try_again,
                fmt::format("store {} is held by another process{}: stop it first, or give this one another store.path",
                            directory.string(), pid.empty() ? "" : " (pid " + pid + ")"));
  }
  if (const int code = write_pid(file.fd()); code != 0) return system_error(Action::stop, path, "write", code);
  return OwnerLock(std::move(file));
}

bool OwnerLock::held(const fs::path& directory) {
  const HeldLock file(directory / owner_file, O_RDONLY);
  if (file.fd() < 0) return false;
  return !file.try_lock_shared() && errno == EWOULDBLOCK;
}

bool has_data(const fs::path& directory) {
  std::error_code error;
  const auto bytes = fs::file_size(directory / data_file, error);
  const bool is_none = error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory;
  return error ? !is_none : bytes > 0;
}

bool is_name_of_store_file(const std::string& name) {
  constexpr std::array<std::string_view, 9> known = {data_file,      lock_file,    owner_file,
                                                     unsynced_file,  index_file,   new_index_file,
                                                     salvage_folder, damaged_file, "lost+found"};
  return std::find(known.begin(), known.end(), name) != known.end();
}

Result<void> check_is_store_or_empty(const fs::path& directory) {
  std::error_code error;
  if (!fs::is_directory(directory, error)) {
    return error ? system_error(Action::stop, directory, "read", error.value())
                 : not_a_store(directory, "it is not a directory");
  }
  fs::directory_iterator files(directory, error);
  if (error) return system_error(Action::stop, directory, "read", error.value());
  bool data = false;
  for (; files != fs::directory_iterator(); files.increment(error)) {
    const std::string name = files->path().filename().string();
    if (!is_name_of_store_file(name)) return not_a_store(directory, fmt::format("it holds a file '{}'", name));
    data = data || name == data_file;
  }
  return data ? check_data_file(directory) : Result<void>{};
}

std::string UnsyncedMark::read(const fs::path& directory) {
  const fs::path path = directory / unsynced_file;
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return {};
  std::string boot_id;
  std::ifstream(path) >> boot_id;
  return boot_id.empty() ? "unknown" : boot_id;
}

Result<void> UnsyncedMark::write(const fs::path& directory, const std::string& boot_id) {
  const fs::path path = directory / unsynced_file;
  const std::string text = boot_id + "\n";
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
  if (file.get() < 0) return system_error(Action::pause, path, "open", errno);
  errno = ENOSPC;  // what a short write means
  if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) || fsync(file.get()) != 0) {
    return system_error(Action::pause, path, "write", errno);
  }
  return sync_directory(directory);
}

Result<void> UnsyncedMark::remove(const fs::path& directory) {
  const fs::path path = directory / unsynced_file;
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return system_error(Action::pause, path, "remove", errno);
  return sync_directory(directory);
}

std::string current_boot_id() {
  std::string id;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> id;
  return id;
}

Result<void> sync_directory(const fs::path& directory) {
  const FileDescriptor handle(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (handle.get() < 0 || fsync(handle.get()) != 0) return system_error(Action::pause, directory, "sync", errno);
  return {};
}

std::vector<fs::path> parents_of_missing(const fs::path& directory) {
  std::vector<fs::path> parents;
  std::error_code unknown;
  for (fs::path at = fs::absolute(directory, unknown); at.has_relative_path(); at = at.parent_path()) {
    if (fs::exists(at, unknown) || unknown) break;
    parents.push_back(at.parent_path());
  }
  return parents;
}

Result<void> sync_directories(const std::vector<fs::path>& directories) {
  for (const fs::path& directory : directories) {
    if (auto synced = sync_directory(directory); !synced) return synced;
  }
  return {};
}

}  // namespace firstseen::store
