#include "dedup/hold.h"

#include <utility>

namespace firstseen::dedup {

std::future<Result<std::string>> Hold::ask(const std::string& by, std::int64_t now_ms) {
  const std::scoped_lock lock(mutex_);
  if (!asked_) pause_ = {by, now_ms, false};
  asked_ = true;
  auto answer = waiting_.emplace_back().get_future();
  if (pause_.drained) {
    waiting_.back().set_value("is paused already, asked for by " + pause_.by);
    waiting_.pop_back();
  }
  return answer;
}

std::string Hold::release() {
  const std::scoped_lock lock(mutex_);
  if (!asked_) return "is not paused";
  asked_ = false;
  for (auto& waiting : std::exchange(waiting_, {})) {
    waiting.set_value(fail(Exit::try_again, "resumed before the batch in flight was finished"));
  }
  return "goes on";
}

std::optional<Pause> Hold::status() const {
  const std::scoped_lock lock(mutex_);
  return asked_ ? std::optional(pause_) : std::nullopt;
}

void Hold::drained() {
  const std::scoped_lock lock(mutex_);
  if (!asked_) return;
  pause_.drained = true;
  for (auto& waiting : std::exchange(waiting_, {})) {
    waiting.set_value("paused: nothing is in flight, the partitions stay assigned");
  }
}

}  // namespace firstseen::dedup
