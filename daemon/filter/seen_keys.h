#pragma once

#include <memory>
#include <string_view>

#include "ingest/durable_window.h"
#include "ingest/memory_window.h"

namespace firstseen::filter {

/// The window of one run: in memory, or in a store that the next run finds again.
class SeenKeys {
 public:
  virtual ~SeenKeys() = default;
  SeenKeys() = default;
  SeenKeys(const SeenKeys&) = delete;
  SeenKeys& operator=(const SeenKeys&) = delete;
  SeenKeys(SeenKeys&&) = delete;
  SeenKeys& operator=(SeenKeys&&) = delete;

  /// `payload` may be kept beside the key.
  virtual bool add_if_new(const Digest& digest, std::int64_t now_ms, std::string_view payload) = 0;
  /// What was added lasts from now on. Called when the lines of these keys have been written.
  virtual Result<void> commit() = 0;
  virtual Result<void> close() = 0;
  [[nodiscard]] virtual std::uint64_t size() const = 0;
  /// How far back from `now_ms` keys are known: the ttl, or less where some had to go early.
  [[nodiscard]] virtual Millis covered(std::int64_t now_ms) const = 0;
};

class KeysInMemory final : public SeenKeys {
 public:
  explicit KeysInMemory(Millis ttl) : ttl_(ttl), window_(ttl) {}
  bool add_if_new(const Digest& digest, std::int64_t now_ms, std::string_view) override {
    return window_.add_if_new(digest, now_ms);
  }
  Result<void> commit() override { return {}; }
  Result<void> close() override { return {}; }
  [[nodiscard]] std::uint64_t size() const override { return window_.size(); }
  [[nodiscard]] Millis covered(std::int64_t) const override { return ttl_; }

 private:
  const Millis ttl_;
  ingest::MemoryWindow window_;
};

class KeysInStore final : public SeenKeys {
 public:
  explicit KeysInStore(std::unique_ptr<ingest::DurableWindow> window) : window_(std::move(window)) {}
  bool add_if_new(const Digest& digest, std::int64_t now_ms, std::string_view payload) override {
    return window_->add_if_new(digest, now_ms, payload);
  }
  Result<void> commit() override { return window_->commit(); }
  Result<void> close() override { return window_->close(); }
  [[nodiscard]] std::uint64_t size() const override { return window_->size(); }
  [[nodiscard]] Millis covered(std::int64_t now_ms) const override { return window_->covered(now_ms); }

 private:
  std::unique_ptr<ingest::DurableWindow> window_;
};

}  // namespace firstseen::filter
