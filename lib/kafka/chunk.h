#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "base/message.h"

namespace firstseen::kafka {

/// Where a chunk's messages and their views are kept. Made and filled by a consumer.
class ChunkStorage {
 public:
  ChunkStorage() = default;
  ChunkStorage(const ChunkStorage&) = delete;
  ChunkStorage& operator=(const ChunkStorage&) = delete;
  ChunkStorage(ChunkStorage&&) = delete;
  ChunkStorage& operator=(ChunkStorage&&) = delete;
  virtual ~ChunkStorage() = default;

  [[nodiscard]] virtual std::span<const MessageView> messages() const = 0;
  /// Frees the messages and keeps the memory of the arrays. Called by the thread that gives the chunk back.
  virtual void clear() = 0;
};

/// Storages that wait to be used again, so that taking messages allocates nothing in the long run. Thread-safe.
class ChunkPool {
 public:
  /// A used one, cleared; null when there is none.
  std::unique_ptr<ChunkStorage> get() {
    const std::scoped_lock lock(mutex_);
    if (free_.empty()) return nullptr;
    auto storage = std::move(free_.back());
    free_.pop_back();
    return storage;
  }
  void put(std::unique_ptr<ChunkStorage> storage) {
    storage->clear();
    const std::scoped_lock lock(mutex_);
    free_.push_back(std::move(storage));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<ChunkStorage>> free_;
};

/// Messages that were taken together; their views live as long as it. May be handed to another thread. Must be gone
/// before the consumer that it came from.
class Chunk {
 public:
  Chunk() = default;
  Chunk(std::unique_ptr<ChunkStorage> storage, std::shared_ptr<ChunkPool> pool)
      : storage_(std::move(storage)), pool_(std::move(pool)) {}
  Chunk(const Chunk&) = delete;
  Chunk& operator=(const Chunk&) = delete;
  Chunk(Chunk&& other) noexcept = default;
  Chunk& operator=(Chunk&& other) noexcept {
    if (this != &other) {
      give_back();
      storage_ = std::move(other.storage_);
      pool_ = std::move(other.pool_);
    }
    return *this;
  }
  ~Chunk() { give_back(); }

  [[nodiscard]] std::span<const MessageView> messages() const {
    return storage_ ? storage_->messages() : std::span<const MessageView>{};
  }
  void give_back() {
    if (storage_) pool_->put(std::move(storage_));
  }

 private:
  std::unique_ptr<ChunkStorage> storage_;
  std::shared_ptr<ChunkPool> pool_;
};

}  // namespace firstseen::kafka
