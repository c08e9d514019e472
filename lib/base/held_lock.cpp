#include "base/held_lock.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <vector>

namespace firstseen {

/// What the forks of this process must know of.
class HeldLock::File {
 public:
  File(const std::filesystem::path& path, int flags, mode_t mode) {
    watch_forks();
    const std::scoped_lock lock(Open::get().mutex);
    Open::get().files.push_back(this);
    fd_ = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  }
  ~File() {
    const std::scoped_lock lock(Open::get().mutex);
    std::erase(Open::get().files, this);
    // Said aloud: a child that no handler saw may have the file open still.
    if (fd_ >= 0 && is_ours()) ::flock(fd_, LOCK_UN);
    close_here();
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  File(File&&) = delete;
  File& operator=(File&&) = delete;

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] bool is_ours() const { return ::getpid() == maker_; }

 private:
  /// The files of this process. Its mutex is also held while a file is opened or closed, and while the process forks;
  /// not while anybody waits for a lock.
  struct Open {
    std::mutex mutex;
    std::vector<File*> files;

    /// Never destroyed: locks may be, after everything else.
    static Open& get() {
      static auto* const instance = new Open;  // NOLINT(cppcoreguidelines-owning-memory)
      return *instance;
    }
  };

  /// Every fork() of this process waits for the mutex, and its child lets go of what the parent has.
  static void watch_forks() {
    static const int watched = ::pthread_atfork([] { Open::get().mutex.lock(); }, [] { Open::get().mutex.unlock(); },
                                                [] {
                                                  for (File* file : Open::get().files) file->close_here();
                                                  Open::get().mutex.unlock();
                                                });
    static_cast<void>(watched);  // without memory for it children keep their copies, as after a bare clone()
  }

  void close_here() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

  const pid_t maker_ = ::getpid();
  int fd_ = -1;
};

namespace {

bool flocked(int fd, int operation) {
  int done = 0;
  while ((done = ::flock(fd, operation)) != 0 && errno == EINTR) continue;
  return done == 0;
}

}  // namespace

HeldLock::HeldLock() = default;
HeldLock::HeldLock(const std::filesystem::path& path, int flags, mode_t mode)
    : file_(std::make_unique<File>(path, flags, mode)) {}
HeldLock::~HeldLock() = default;
HeldLock::HeldLock(HeldLock&& other) noexcept = default;
HeldLock& HeldLock::operator=(HeldLock&& other) noexcept = default;

int HeldLock::fd() const { return file_ ? file_->fd() : -1; }
bool HeldLock::is_ours() const { return file_ && file_->is_ours(); }

bool HeldLock::lock() const { return flocked(fd(), LOCK_EX); }
bool HeldLock::try_lock() const { return flocked(fd(), LOCK_EX | LOCK_NB); }
bool HeldLock::try_lock_shared() const { return flocked(fd(), LOCK_SH | LOCK_NB); }

FileDescriptor HeldLock::copy_for_child() const {
  return FileDescriptor(::fcntl(fd(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

}  // namespace firstseen
