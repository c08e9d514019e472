#include "idempotency/handler.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "idempotency/record_state.h"

namespace firstseen::idempotency {
namespace {

constexpr Millis shortest_pause{5};
constexpr Millis longest_pause{200};

tl::unexpected<Error> refused(const Key& key, const std::string& why) {
  return firstseen::fail(Exit::bad_data, fmt::format("operation '{}' {}: nothing was stored", key.text(), why));
}

tl::unexpected<Error> taken_over(const Claim& claim, std::uint64_t token) {
  return forward(Error{.action = Action::stop,
                       .exit = Exit::bad_data,
                       .message = fmt::format("operation '{}': attempt {} took over from attempt {}, whose outcome is "
                                              "refused: nothing was stored",
                                              claim.key.text(), token, claim.token),
                       .fenced = true});
}

/// What an operation gives back, its exceptions too.
Result<Outcome> run(const Handler::Operation& operation, const Claim& claim) {
  try {
    return operation(claim);
  } catch (const std::exception& error) {
    return firstseen::fail(Exit::internal, fmt::format("operation '{}' failed: {}", claim.key.text(), error.what()));
  } catch (...) {
    return firstseen::fail(Exit::internal,
                           fmt::format("operation '{}' failed with an exception of unknown type", claim.key.text()));
  }
}

}  // namespace

std::string_view name_of(State state) {
  switch (state) {
    case State::fresh:
      return "fresh";
    case State::duplicate:
      return "duplicate";
    case State::in_flight:
      return "in_flight";
    case State::abandoned:
      break;
  }
  return "abandoned";
}

class Handler::Impl {
 public:
  Impl(std::shared_ptr<ResultStore> store, const HandlerOptions& options)
      : store_(std::move(store)),
        options_(options),
        clock_(options.clock != nullptr ? *options.clock : system_clock_) {}

  Result<Checked> check(const Key& key) {
    auto found = store_->get(key);
    if (!found) return forward(found.error());
    return judge(std::move(*found));
  }

  /// One try to begin: `fresh` with a claim, or what stands in its way.
  Result<Started> start_now(const Key& key, std::string_view payload) {
    const auto owner = owner_id();
    if (!owner) return forward(owner.error());
    Record next = new_attempt(key, *owner, 1);
    for (;;) {
      auto put = store_->put_if_new(next, payload);
      if (!put) return forward(put.error());
      if (put->is_new) return begun(std::move(put->record));
      auto found = judge(std::move(put->record));
      if (!found) return forward(found.error());
      if (!found->record) continue;  // erased since, or expired
      const State state = found->state;
      const bool mine = state == State::fresh || (state == State::abandoned && retries());
      if (!mine) return Started{.state = state, .claim = std::nullopt, .record = std::move(found->record)};
      next = new_attempt(key, *owner, found->record->attempts + 1);
      auto replaced = store_->replace(*found->record, next, ResultStore::Token::advance);
      if (!replaced) return forward(replaced.error());
      if (*replaced) return begun(std::move(**replaced));  // otherwise somebody was quicker, or it has expired since
    }
  }

  Result<Started> start(const Key& key, const StartOptions& options) {
    const std::int64_t deadline_ms = time_after(system_clock_.steady_ms(), options.wait);
    Millis pause = shortest_pause;
    for (;;) {
      auto started = start_now(key, options.payload);
      if (!started || started->state != State::in_flight) return started;
      while (store_is_busy_with(*started)) {
        const Millis left(deadline_ms - system_clock_.steady_ms());
        if (left <= Millis(0)) return started;
        std::this_thread::sleep_for(std::min(pause, left));
        pause = std::min(pause * 2, longest_pause);
      }
    }
  }

  Result<FileDescriptor> proof_for_child() {
    const std::scoped_lock lock(owner_mutex_);
    if (auto there = make_owner(); !there) return forward(there.error());
    return owner_->copy_for_child();
  }

  Result<void> renew(const Claim& claim) {
    return change(claim,
                  [this](Record& record) { record.lease_until_ms = time_after(clock_.wall_ms(), options_.lease); });
  }

  Result<void> end(const Claim& claim, Status status, const Outcome& outcome) {
    return change(claim, [&](Record& record) {
      record.status = status;
      record.outcome = outcome;
      record.completed_at_ms = clock_.wall_ms();
      record.lease_until_ms = -1;
    });
  }

  ResultStore& store() { return *store_; }

 private:
  [[nodiscard]] bool retries() const { return options_.on_abandoned == OnAbandoned::retry; }

  /// The record, or what it has become meanwhile, and its state.
  Result<Checked> judge(std::optional<Record> record) {
    auto seen = look_again(*store_, std::move(record), clock_);
    if (!seen) return forward(seen.error());
    if (!seen->record) return Checked{};
    const State state = state_of(*seen->record, seen->abandoned);
    return Checked{.state = state, .record = std::move(seen->record)};
  }

  static State state_of(const Record& record, bool abandoned) {
    if (record.status == Status::completed) return State::duplicate;
    if (record.status == Status::failed) return State::fresh;
    return abandoned ? State::abandoned : State::in_flight;
  }

  /// What is in progress may have had its effect already: time does not make it new. Whoever may repeat it need not
  /// wait for that, and nobody knows which callers of this key may not.
  [[nodiscard]] std::int64_t expiry_of(const Record& record) const {
    return record.status == Status::in_progress ? never_ms : time_after(record.completed_at_ms, options_.ttl);
  }

  static Started begun(Record record) {
    Claim claim{.key = record.key, .token = record.token};
    return {.state = State::fresh, .claim = std::move(claim), .record = std::move(record)};
  }

  [[nodiscard]] Record new_attempt(const Key& key, const std::string& owner, std::uint32_t attempt) const {
    Record record{.key = key};
    record.created_at_ms = clock_.wall_ms();
    record.lease_until_ms = time_after(record.created_at_ms, options_.lease);
    record.expires_at_ms = expiry_of(record);
    record.attempts = attempt;
    record.owner = owner;
    return record;
  }

  /// Is the attempt that stood in the way still in flight? Read without counting. Errors end the waiting: the next
  /// start_now() reports them.
  bool store_is_busy_with(const Started& started) {
    auto now = store_->peek(started.record->key);
    if (!now || !*now || (*now)->token != started.record->token) return false;
    const auto judged = judge(std::move(*now));
    return judged && judged->state == State::in_flight;
  }

  /// Changes the attempt that the claim is for. The record's time of expiry follows from its state.
  template <class Edit>
  Result<void> change(const Claim& claim, const Edit& edit) {
    for (;;) {
      const auto found = store_->peek(claim.key);
      if (!found) return forward(found.error());
      if (!*found) return refused(claim.key, "was never started, or has expired");
      const Record& current = **found;
      if (current.token != claim.token) return taken_over(claim, current.token);
      if (current.status != Status::in_progress) return refused(claim.key, "has ended already");
      Record next = current;
      edit(next);
      next.expires_at_ms = expiry_of(next);
      const auto replaced = store_->replace(current, next, ResultStore::Token::keep);
      if (!replaced) return forward(replaced.error());
      if (*replaced) return {};  // otherwise its lease was renewed meanwhile, or somebody took over: look again
    }
  }

  Result<std::string> owner_id() {
    const std::scoped_lock lock(owner_mutex_);
    if (auto there = make_owner(); !there) return forward(there.error());
    return owner_->id();
  }

  /// Under owner_mutex_.
  Result<void> make_owner() {
    if (owner_) return {};
    auto enlisted = store_->enlist();
    if (!enlisted) return forward(enlisted.error());
    owner_ = std::move(*enlisted);
    return {};
  }

  const std::shared_ptr<ResultStore> store_;
  const HandlerOptions options_;
  const SystemClock system_clock_;
  const Clock& clock_;

  std::mutex owner_mutex_;
  std::unique_ptr<Owner> owner_;  // guarded by owner_mutex_; made by the first start
};

Handler::Handler(std::shared_ptr<ResultStore> store, const HandlerOptions& options)
    : impl_(std::make_unique<Impl>(std::move(store), options)) {}
Handler::~Handler() = default;
Handler::Handler(Handler&&) noexcept = default;
Handler& Handler::operator=(Handler&&) noexcept = default;

Result<Checked> Handler::check(const Key& key) { return impl_->check(key); }
Result<Started> Handler::start(const Key& key, const StartOptions& options) { return impl_->start(key, options); }
Result<FileDescriptor> Handler::proof_for_child() { return impl_->proof_for_child(); }
Result<void> Handler::renew(const Claim& claim) { return impl_->renew(claim); }

Result<void> Handler::complete(const Claim& claim, const Outcome& outcome) {
  return impl_->end(claim, Status::completed, outcome);
}

Result<void> Handler::fail(const Claim& claim, const Outcome& outcome) {
  return impl_->end(claim, Status::failed, outcome);
}

Result<Executed> Handler::execute(const Key& key, const Operation& operation, const StartOptions& options) {
  auto started = start(key, options);
  if (!started) return forward(started.error());
  if (!started->claim) {
    return Executed{.state = started->state, .outcome = std::move(started->record->outcome)};
  }
  const Claim& claim = *started->claim;
  auto outcome = run(operation, claim);
  if (!outcome) {
    Error error = std::move(outcome.error());
    if (auto failed = fail(claim, Outcome::error("failed", error.message)); !failed) {
      error.message += "; and that could not be stored: " + failed.error().message;
      error.fenced = failed.error().fenced;
    }
    return forward(std::move(error));
  }
  if (auto completed = complete(claim, *outcome); !completed) return forward(completed.error());
  return Executed{.state = State::fresh, .outcome = std::move(*outcome)};
}

Result<std::uint64_t> Handler::cleanup() { return impl_->store().sweep(); }

}  // namespace firstseen::idempotency
