#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "base/file_descriptor.h"
#include "idempotency/key.h"
#include "idempotency/outcome.h"
#include "idempotency/record.h"
#include "idempotency/result_store.h"

namespace firstseen::idempotency {

/// What to do about an attempt whose maker died or let its lease run out. Whether its effect happened is unknown. It is
/// the caller's choice, for each call, and not a property of the attempt.
enum class OnAbandoned {
  /// Not started again until a person has erased the record (or somebody with `retry` has taken over), which does not
  /// expire, whoever made it: the effect happens at most once.
  conflict,
  /// Started again by whoever comes next, however late: the effect happens at least once.
  retry,
};

struct HandlerOptions {
  /// How long an ended operation is known, from its end; at least 1 ms. Millis::max(): until it is erased.
  Millis ttl{24LL * 3600 * 1000};
  /// How long an attempt may take without renew(); at least 1 ms. An attempt whose process died is abandoned at once.
  Millis lease{60'000};
  OnAbandoned on_abandoned = OnAbandoned::conflict;
  const Clock* clock = nullptr;  ///< the store's; must outlive the handler; default: the machine's
};

enum class State {
  fresh,      ///< not done: never begun, expired, or failed
  duplicate,  ///< done; the record has the outcome
  in_flight,  ///< somebody is doing it
  abandoned,  ///< somebody was doing it; see OnAbandoned
};

/// "fresh", "duplicate", "in_flight", "abandoned".
std::string_view name_of(State state);

struct Checked {
  State state = State::fresh;
  std::optional<Record> record{};
};

/// The right to do an operation, proven by its fencing token. May be handed to another thread or process.
struct Claim {
  Key key;
  std::uint64_t token = 0;
};

struct Started {
  State state = State::fresh;      ///< `fresh` here: it is yours
  std::optional<Claim> claim{};    ///< when it is yours
  std::optional<Record> record{};  ///< the attempt begun, or what stands in its way
};

struct StartOptions {
  Millis wait{0};              ///< how long to wait for the end of an attempt in flight
  std::string_view payload{};  ///< kept beside the key of a new operation, for audit
};

struct Executed {
  State state = State::fresh;  ///< `fresh`: run here and now; `in_flight` or `abandoned`: a conflict, nothing was run
  std::optional<Outcome> outcome{};  ///< of this run, or of the first one
};

/// Runs operations once per key, among all threads and processes that share the store. Thread-safe. Holds the proof of
/// life for the attempts that it starts: destroying it makes those that have not ended abandoned.
class Handler {
 public:
  /// The work. An outcome (of any kind) is final and stored. An Error, or an exception, says that the attempt failed
  /// and may be made again. Work longer than the lease calls renew(claim) in time.
  using Operation = std::function<Result<Outcome>(const Claim& claim)>;

  explicit Handler(std::shared_ptr<ResultStore> store, const HandlerOptions& options = {});
  ~Handler();
  Handler(Handler&&) noexcept;
  Handler& operator=(Handler&&) noexcept;
  Handler(const Handler&) = delete;
  Handler& operator=(const Handler&) = delete;

  /// What start() would find; starts nothing.
  Result<Checked> check(const Key& key);

  /// Begins the operation if nobody has: of any number of concurrent callers exactly one gets the claim.
  Result<Started> start(const Key& key, const StartOptions& options = {});

  /// For a child process that does the work (Owner::copy_for_child): with it an attempt whose maker was killed is in
  /// flight, and not abandoned, as long as the child or what it started has this open, and its lease lasts. The child
  /// must let it survive exec; what is left of a child whose attempt has ended stands in nobody's way.
  Result<FileDescriptor> proof_for_child();

  /// Another lease for a claim, from now. Fails as complete() does.
  Result<void> renew(const Claim& claim);

  /// Ends the attempt with an outcome for all duplicates. Fails and stores nothing when the key is unknown or expired,
  /// or the attempt has ended (Exit::bad_data), or another attempt has taken over (Error::fenced).
  Result<void> complete(const Claim& claim, const Outcome& outcome);

  /// Ends the attempt so that the next may start at once; the outcome is kept for people. Fails as complete() does.
  Result<void> fail(const Claim& claim, const Outcome& outcome);

  /// start(), the operation, and complete() or fail(). An exception of the operation is returned as an Error. Where the
  /// outcome cannot be stored the Error says so: the effect has happened and the attempt stays in progress.
  Result<Executed> execute(const Key& key, const Operation& operation, const StartOptions& options = {});

  /// Removes the expired records; returns how many. To be called now and then: nothing else removes them. Never one of
  /// an attempt that has not ended.
  Result<std::uint64_t> cleanup();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace firstseen::idempotency
