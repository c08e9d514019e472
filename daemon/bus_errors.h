#pragma once

#include <functional>
#include <thread>

#include "control/socket.h"

namespace firstseen {

/// LMDB works on its files through memory: when the disk can no longer serve a page of them (a file system that has
/// shut down, a file that was cut short), whoever touches it is sent SIGBUS. While this lives that is the end of the
/// process as by any other failure of the disk: `last_word` says why, in a thread of its own, then it leaves with
/// Exit::io. A batch in flight is left to the next start. One at a time.
class BusErrors {
 public:
  explicit BusErrors(std::function<void()> last_word);
  ~BusErrors();
  BusErrors(const BusErrors&) = delete;
  BusErrors& operator=(const BusErrors&) = delete;
  BusErrors(BusErrors&&) = delete;
  BusErrors& operator=(BusErrors&&) = delete;

 private:
  void wait() const;

  std::function<void()> last_word_;
  control::Fd met_;
  std::thread thread_;
};

}  // namespace firstseen
