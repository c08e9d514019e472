#include "mutants.h"

#include <limits>
#include <thread>
#include <utility>

#include "decorator.h"

namespace firstseen::idempotency::test {
namespace {

/// No expiry check: records are kept for ever.
class NeverExpires final : public Decorator {
 public:
  using Decorator::Decorator;
  Result<Put> put_if_new(const Record& record, std::string_view payload) override {
    return Decorator::put_if_new(immortal(record), payload);
  }
  Result<std::optional<Record>> replace(const Record& expected, const Record& desired, Token token) override {
    return Decorator::replace(expected, immortal(desired), token);
  }

 private:
  static Record immortal(Record record) {
    record.expires_at_ms = std::numeric_limits<std::int64_t>::max();
    return record;
  }
};

/// A gap between check and insert: everybody who found nothing overwrites.
class ChecksThenInserts final : public Decorator {
 public:
  using Decorator::Decorator;
  Result<Put> put_if_new(const Record& record, std::string_view payload) override {
    auto found = inner().get(record.key);
    if (!found) return forward(found.error());
    if (*found) return Put{.is_new = false, .record = std::move(**found)};
    for (int i = 0; i < 100; ++i) std::this_thread::yield();  // the gap
    if (auto erased = inner().erase(record.key); !erased) return forward(erased.error());
    auto put = inner().put_if_new(record, payload);
    if (put) put->is_new = true;
    return put;
  }
};

/// A failed operation is put down as done.
class FailureBlocks final : public Decorator {
 public:
  using Decorator::Decorator;
  Result<std::optional<Record>> replace(const Record& expected, const Record& desired, Token token) override {
    Record changed = desired;
    if (changed.status == Status::failed) changed.status = Status::completed;
    return Decorator::replace(expected, changed, token);
  }
};

/// Completing makes the record that is not there.
class CompletesAnything final : public Decorator {
 public:
  using Decorator::Decorator;
  Result<std::optional<Record>> peek(const Key& key) override {
    auto found = Decorator::peek(key);
    if (!found || *found) return found;
    Record record{.key = key};
    record.expires_at_ms = std::numeric_limits<std::int64_t>::max();
    auto put = inner().put_if_new(record, {});
    return put ? Result<std::optional<Record>>(std::move(put->record)) : forward(put.error());
  }
};

/// The status is stored, the outcome is not.
class DropsOutcomes final : public Decorator {
 public:
  using Decorator::Decorator;
  Result<std::optional<Record>> replace(const Record& expected, const Record& desired, Token token) override {
    Record changed = desired;
    changed.outcome.reset();
    return Decorator::replace(expected, changed, token);
  }
};

/// Attempts cannot be told apart: every one has the token of the first.
class ForgetsTokens final : public Decorator {
 public:
  using Decorator::Decorator;
  Result<std::optional<Record>> replace(const Record& expected, const Record& desired, Token /*token*/) override {
    return Decorator::replace(expected, desired, Token::keep);
  }
};

template <class T>
Wrap wrapped() {
  return [](std::shared_ptr<ResultStore> inner) { return std::make_shared<T>(std::move(inner)); };
}

}  // namespace

std::vector<Mutant> mutants() {
  return {
      {"NoExpiryCheck", "AnExpiredOutcomeIsNotGivenAgain", wrapped<NeverExpires>()},
      {"GapBetweenCheckAndInsert", "OneOfManyConcurrentCallersStarts", wrapped<ChecksThenInserts>()},
      {"FailedBlocksRetry", "AFailedOperationMayStartAtOnce", wrapped<FailureBlocks>()},
      {"CompleteWithoutStart", "CompletingWhatWasNotStartedIsRefused", wrapped<CompletesAnything>()},
      {"ResultNotStored", "ADuplicateGetsTheOutcome", wrapped<DropsOutcomes>()},
      {"NoFencing", "ALateHolderIsRefused", wrapped<ForgetsTokens>()},
  };
}

}  // namespace firstseen::idempotency::test
