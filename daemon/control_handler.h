#pragma once

#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "dedup/slot.h"
#include "output.h"
#include "recent.h"

namespace firstseen {

/// What the control socket's requests mean to the daemon: status, skip, forget, pause, resume. Thread-safe; lives from
/// before the slot starts until after it has ended.
class ControlHandler {
 public:
  /// `recent` outlives this.
  ControlHandler(Millis configured_window, const Recent& recent)
      : configured_window_(configured_window), recent_(recent) {}

  /// Why no slot runs yet.
  void starting(std::string detail);
  void attach(dedup::Slot* slot);
  /// The slot is about to be destroyed.
  void detach();

  Result<Json> answer(const Json& request);

 private:
  using Answer = std::future<Result<std::string>>;
  Json status();
  Result<Answer> skip(const Json& request);
  Result<Answer> forget(const Json& request);
  Result<Json> pause(const Json& request);
  Result<Json> resume();
  Result<dedup::Slot*> slot() const;

  Millis configured_window_;
  const Recent& recent_;
  std::mutex mutex_;
  dedup::Slot* slot_ = nullptr;  // guarded by mutex_
  std::string detail_;           // guarded by mutex_
};

}  // namespace firstseen
