#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <utility>
#include <vector>

#include "rdkafka.h"

namespace bench {

using Chunk = std::vector<Message>;

/// Hands fetched messages from the thread that takes them to the one that publishes them. Holds about
/// `max_messages` messages and `max_bytes` of keys and values; whoever brings more waits. Thread-safe.
class ChunkQueue {
 public:
  static constexpr std::size_t max_messages = 100'000;
  static constexpr std::size_t max_bytes = 32U << 20U;

  /// Waits while the queue is full; false once it is closed.
  bool push(Chunk chunk) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || (messages_ < max_messages && bytes_ < max_bytes); });
    if (closed_) return false;
    if (chunk.empty()) return true;
    messages_ += chunk.size();
    bytes_ += size_of(chunk);
    chunks_.push_back(std::move(chunk));
    changed_.notify_all();
    return true;
  }

  /// The oldest chunk; an empty one if none came before the deadline.
  Chunk pop(std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_until(lock, deadline, [this] { return closed_ || !chunks_.empty(); }) || chunks_.empty()) {
      return {};
    }
    Chunk chunk = std::move(chunks_.front());
    chunks_.pop_front();
    messages_ -= chunk.size();
    bytes_ -= size_of(chunk);
    changed_.notify_all();
    return chunk;
  }

  void close() {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

 private:
  static std::size_t size_of(const Chunk& chunk) {
    std::size_t bytes = 0;
    for (const Message& message : chunk) bytes += message->len + message->key_len;
    return bytes;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Chunk> chunks_;
  std::size_t messages_ = 0;
  std::size_t bytes_ = 0;
  bool closed_ = false;
};

}  // namespace bench
