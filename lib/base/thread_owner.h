#pragma once

#include <atomic>
#include <cassert>
#include <thread>

namespace firstseen {

/// Checks, in debug builds only, that an object that one thread at a time may use is used so. The first thread that
/// calls check() becomes its owner and stays it until somebody hands the object over. The hand-over itself must be made
/// known to the next owner by other means (starting or joining a thread, a mutex).
class ThreadOwner {
 public:
#ifdef NDEBUG
  void check() const {}
  void hand_over() const {}
#else
  void check() const {
    std::thread::id owner;  // nobody
    const std::thread::id self = std::this_thread::get_id();
    const bool ours = owner_.compare_exchange_strong(owner, self) || owner == self;
    assert(ours && "used by a thread that does not own it");
  }
  /// The next thread that calls check() becomes the owner.
  void hand_over() const { owner_.store(std::thread::id()); }

 private:
  mutable std::atomic<std::thread::id> owner_{};
#endif
};

}  // namespace firstseen
