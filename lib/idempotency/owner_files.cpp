#include "idempotency/owner_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <random>
#include <utility>
#include <vector>

#include "base/hex.h"
#include "store/directory.h"

namespace firstseen::idempotency {
namespace {

namespace fs = std::filesystem;
using store::FileDescriptor;

constexpr std::size_t id_digits = 32;

bool is_id(const std::string& text) { return text.size() == id_digits && from_hex(text).has_value(); }

class OwnerFile;

/// The owners of this process, for its forked children: they must not hold what proves their parent's life.
struct OwnersHere {
  std::mutex mutex;  // also held from the making of a file to its entry here, and while the process forks
  std::vector<OwnerFile*> all;

  /// Never destroyed: owners may be, after everything else.
  static OwnersHere& get() {
    static auto* const owners = new OwnersHere;  // NOLINT(cppcoreguidelines-owning-memory)
    return *owners;
  }
};

/// Holds the lock; the file goes when the owner goes in order.
class OwnerFile final : public Owner {
 public:
  /// The caller holds the mutex of OwnersHere.
  OwnerFile(std::string id, fs::path path, FileDescriptor file)
      : id_(std::move(id)), path_(std::move(path)), file_(std::move(file)) {
    OwnersHere::get().all.push_back(this);
  }
  ~OwnerFile() override {
    const std::scoped_lock lock(OwnersHere::get().mutex);
    std::erase(OwnersHere::get().all, this);
    if (::getpid() == maker_) ::unlink(path_.c_str());
  }
  OwnerFile(const OwnerFile&) = delete;
  OwnerFile& operator=(const OwnerFile&) = delete;
  OwnerFile(OwnerFile&&) = delete;
  OwnerFile& operator=(OwnerFile&&) = delete;
  [[nodiscard]] const std::string& id() const override { return id_; }

  /// In a forked child, which shares the open file and so its lock: the parent keeps both.
  void let_go() { file_ = FileDescriptor(); }

 private:
  const pid_t maker_ = ::getpid();
  const std::string id_;
  const fs::path path_;
  FileDescriptor file_;
};

/// Every fork() of this process waits for the mutex, and its child lets go of what the parent holds.
void watch_forks() {
  static const int watched =
      ::pthread_atfork([] { OwnersHere::get().mutex.lock(); }, [] { OwnersHere::get().mutex.unlock(); },
                       [] {
                         for (OwnerFile* owner : OwnersHere::get().all) owner->let_go();
                         OwnersHere::get().mutex.unlock();
                       });
  static_cast<void>(watched);  // without memory for it a child keeps the parent's owners alive: the lease ends them
}

/// Is the open file still the one at the path? Somebody may have removed it between open() and flock().
bool still_there(int fd, const fs::path& path) {
  struct stat opened{};
  struct stat named{};
  return ::fstat(fd, &opened) == 0 && ::stat(path.c_str(), &named) == 0 && opened.st_ino == named.st_ino &&
         opened.st_dev == named.st_dev;
}

tl::unexpected<Error> cannot(std::string_view doing, const fs::path& path, int code) {
  return fail(Action::pause, Exit::io,
              fmt::format("cannot {} {}: {}; nothing was started", doing, path.string(), std::strerror(code)));
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
  watch_forks();
  const std::scoped_lock lock(OwnersHere::get().mutex);
  for (;;) {
    std::string id = random_owner_id();
    const fs::path path = directory_ / id;
    FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (file.get() < 0) return cannot("make the owner's file", path, errno);
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) continue;  // remove_dead() was quicker
      return cannot("lock the owner's file", path, errno);
    }
    if (still_there(file.get(), path)) return std::make_unique<OwnerFile>(std::move(id), path, std::move(file));
  }
}

bool OwnerFiles::alive(const std::string& id) const {
  if (!is_id(id)) return false;
  const FileDescriptor file(::open((directory_ / id).c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return errno != ENOENT && errno != ENOTDIR;
  return ::flock(file.get(), LOCK_SH | LOCK_NB) != 0;
}

void OwnerFiles::remove_dead() const {
  std::error_code error;
  for (fs::directory_iterator files(directory_, error); !error && files != fs::directory_iterator();
       files.increment(error)) {
    const fs::path& path = files->path();
    if (!is_id(path.filename().string())) continue;
    const FileDescriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    // Removed under the lock: nobody can have taken it since.
    if (file.get() >= 0 && ::flock(file.get(), LOCK_EX | LOCK_NB) == 0) ::unlink(path.c_str());
  }
}

}  // namespace firstseen::idempotency
