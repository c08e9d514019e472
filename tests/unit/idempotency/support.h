#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>

#include "idempotency/handler.h"
#include "idempotency/result_store.h"
#include "support/temporary_directory.h"

namespace firstseen::idempotency::test {

/// A clock that stands still until it is told otherwise.
class ManualClock final : public Clock {
 public:
  [[nodiscard]] std::int64_t wall_ms() const override { return now_ms_.load(); }
  [[nodiscard]] std::int64_t steady_ms() const override { return now_ms_.load(); }
  void advance(Millis by) { now_ms_ += by.count(); }

 private:
  std::atomic<std::int64_t> now_ms_ = 1'700'000'000'000;
};

/// A kind of store, and one store of it with its clock.
class Bench {
 public:
  enum class Kind { memory, lmdb };
  explicit Bench(Kind kind);

  ManualClock clock;
  std::shared_ptr<ResultStore> store;

  [[nodiscard]] Handler handler(HandlerOptions options = {}) const;

 private:
  std::unique_ptr<firstseen::test::TemporaryDirectory> directory_;
};

std::string name_of(Bench::Kind kind);

/// The LMDB store of a directory, or a failed test.
std::shared_ptr<ResultStore> open_or_fail(const std::filesystem::path& directory, const Clock& clock);

/// A valid key.
Key key(std::string_view text);

/// An attempt at a key by nobody that may be put into a store, in progress, with a minute until it would expire.
Record attempt(std::string_view text, const Clock& clock);

/// The same, completed: with a minute to live.
Record ended(std::string_view text, const Clock& clock);

/// True, or the error's message for the test's report.
template <class T>
testing::AssertionResult succeeded(const Result<T>& result) {
  return result ? testing::AssertionSuccess() : testing::AssertionFailure() << result.error().message;
}

}  // namespace firstseen::idempotency::test
