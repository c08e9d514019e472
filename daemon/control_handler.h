#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <utility>

#include "base/advice.h"
#include "base/clock.h"
#include "base/error.h"
#include "board.h"
#include "dedup/slot.h"
#include "output.h"
#include "recent.h"

namespace firstseen {

/// What the control socket's requests mean to the daemon: status, skip, forget, pause, resume, reload. Thread-safe;
/// lives from before the slot starts until after it has ended.
class ControlHandler {
 public:
  /// What reads the configuration again, and a text for the person who asked.
  using ReloadConfiguration = std::function<Result<std::string>()>;

  /// `recent` and `board` outlive this.
  ControlHandler(const Recent& recent, const Board& board, ReloadConfiguration reload, Advice advice = {})
      : recent_(recent), board_(board), reload_(std::move(reload)), advice_(std::move(advice)) {}

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
  Result<Json> reload();
  Result<dedup::Slot*> slot() const;

  const Recent& recent_;
  const Board& board_;
  ReloadConfiguration reload_;
  const Advice advice_;
  std::mutex mutex_;
  dedup::Slot* slot_ = nullptr;  // guarded by mutex_
  std::string detail_;           // guarded by mutex_
};

}  // namespace firstseen
