#include "idempotency/owner_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <random>
#include <utility>

#include "base/held_lock.h"
#include "base/hex.h"

namespace firstseen::idempotency {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t id_digits = 32;

bool is_id(const std::string& text) { return text.size() == id_digits && from_hex(text).has_value(); }

tl::unexpected<Error> cannot(std::string_view doing, const fs::path& path, int code) {
  return fail(Action::pause, Exit::io,
              fmt::format("cannot {} {}: {}; nothing was started", doing, path.string(), std::strerror(code)));
}

/// Holds the lock; the file goes when the owner goes in order.
class OwnerFile final : public Owner {
 public:
  OwnerFile(std::string id, fs::path path, HeldLock lock)
      : id_(std::move(id)), path_(std::move(path)), lock_(std::move(lock)) {}
  ~OwnerFile() override {
    if (lock_.is_ours()) ::unlink(path_.c_str());
  }
  OwnerFile(const OwnerFile&) = delete;
  OwnerFile& operator=(const OwnerFile&) = delete;
  OwnerFile(OwnerFile&&) = delete;
  OwnerFile& operator=(OwnerFile&&) = delete;
  [[nodiscard]] const std::string& id() const override { return id_; }
  [[nodiscard]] Result<FileDescriptor> copy_for_child() const override {
    FileDescriptor copy = lock_.copy_for_child();
    if (copy.get() < 0) return cannot("copy the lock of", path_, errno);
    return copy;
  }

 private:
  const std::string id_;
  const fs::path path_;
  const HeldLock lock_;
};

/// Is the open file still the one at the path? Somebody may have removed it between open() and flock().
bool still_there(int fd, const fs::path& path) {
  struct stat opened{};
  struct stat named{};
  return ::fstat(fd, &opened) == 0 && ::stat(path.c_str(), &named) == 0 && opened.st_ino == named.st_ino &&
         opened.st_dev == named.st_dev;
}

}  // namespace

std::string random_owner_id() {
  std::array<std::uint8_t, id_digits / 2> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    std::random_device device;
    std::generate(bytes.begin(), bytes.end(), [&device] { return static_cast<std::uint8_t>(device()); });
  }
  return to_hex(bytes);
}

Result<std::unique_ptr<Owner>> OwnerFiles::enlist() const {
  if (::mkdir(directory_.c_str(), 0700) != 0 && errno != EEXIST) return cannot("make the directory", directory_, errno);
  for (;;) {
    std::string id = random_owner_id();
    const fs::path path = directory_ / id;
    HeldLock lock(path, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (lock.fd() < 0) return cannot("make the owner's file", path, errno);
    if (!lock.try_lock()) {
      if (errno == EWOULDBLOCK) continue;  // remove_dead() was quicker
      return cannot("lock the owner's file", path, errno);
    }
    if (still_there(lock.fd(), path)) return std::make_unique<OwnerFile>(std::move(id), path, std::move(lock));
  }
}

bool OwnerFiles::alive(const std::string& id) const {
  if (!is_id(id)) return false;
  const HeldLock lock(directory_ / id, O_RDONLY);
  if (lock.fd() < 0) return errno != ENOENT && errno != ENOTDIR;
  return !lock.try_lock_shared();
}

void OwnerFiles::remove_dead() const {
  std::error_code error;
  for (fs::directory_iterator files(directory_, error); !error && files != fs::directory_iterator();
       files.increment(error)) {
    const fs::path& path = files->path();
    if (!is_id(path.filename().string())) continue;
    const HeldLock lock(path, O_RDWR);
    // Removed under the lock: nobody can have taken it since.
    if (lock.fd() >= 0 && lock.try_lock()) ::unlink(path.c_str());
  }
}

}  // namespace firstseen::idempotency
