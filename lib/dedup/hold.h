#pragma once

#include <atomic>
#include <cstdint>
#include <future>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "dedup/status.h"

namespace firstseen::dedup {

/// A person's wish that a slot takes nothing for now. It outlives the slot's sessions, not the slot. Thread-safe.
class Hold {
 public:
  /// Keeps who asked first. The future's text is for the person who asked; it is there when no batch is unfinished any
  /// more.
  std::future<Result<std::string>> ask(const std::string& by, std::int64_t now_ms);
  /// The text is for the person who asked.
  std::string release();

  [[nodiscard]] bool asked() const { return asked_; }
  [[nodiscard]] std::optional<Pause> status() const;

  /// The session takes nothing, and no batch of it is unfinished.
  void drained();

 private:
  mutable std::mutex mutex_;  // guards what follows
  std::atomic<bool> asked_ = false;
  Pause pause_;
  std::vector<std::promise<Result<std::string>>> waiting_;
};

}  // namespace firstseen::dedup
