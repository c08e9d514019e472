#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>

#include "base/file_descriptor.h"

namespace firstseen {

/// An open file, and the flock() on it, of the process that opened it and of no other. The kernel drops the lock with
/// the process, however that ends; no process ids are compared.
///
/// The lock belongs to the open file, which a forked child shares. So a child closes its copy as soon as it is forked
/// (pthread_atfork): its end does not release the lock, and its life does not keep it, though the parent be killed. A
/// child that came about otherwise (vfork(), _Fork(), a bare clone()) keeps its copy until it ends or calls exec: when
/// the holder releases the lock in order that does not matter, when it is killed the lock is free only then.
///
/// One thread at a time may use an object; different objects are independent, also on one file.
class HeldLock {
 public:
  HeldLock();  ///< of no file
  /// open() with O_CLOEXEC, nothing locked yet. fd() is -1, and errno says why, when that fails.
  HeldLock(const std::filesystem::path& path, int flags, mode_t mode = 0);
  ~HeldLock();  ///< releases the lock
  HeldLock(HeldLock&& other) noexcept;
  HeldLock& operator=(HeldLock&& other) noexcept;
  HeldLock(const HeldLock&) = delete;
  HeldLock& operator=(const HeldLock&) = delete;

  /// -1: no file; in a forked child always.
  [[nodiscard]] int fd() const;
  /// Is this the process that opened it?
  [[nodiscard]] bool is_ours() const;

  /// These return false where they fail, and errno says why.
  [[nodiscard]] bool lock() const;             ///< waits for it
  [[nodiscard]] bool try_lock() const;         ///< EWOULDBLOCK: another has it
  [[nodiscard]] bool try_lock_shared() const;  ///< the same; any number may share it

  /// A copy that a forked child keeps, and with it the lock: for one that works on the holder's behalf, so that after
  /// the holder's death nobody begins before the child has ended, too. To be closed when the child has ended. Its
  /// number is none of 0 to 2. It does not survive exec unless FD_CLOEXEC is taken away.
  [[nodiscard]] FileDescriptor copy_for_child() const;

 private:
  class File;
  std::unique_ptr<File> file_;
};

}  // namespace firstseen
