#include "exec/guard.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "exec/command_result.h"
#include "exec/supervisor.h"

namespace firstseen::exec {
namespace {

using idempotency::Claim;
using idempotency::Handler;
using idempotency::Record;
using idempotency::Started;
using idempotency::State;
using End = CommandResult::End;

constexpr Millis waiting_step{200};
constexpr int beats_per_lease = 3;

void warn(const std::string& text) {
  const std::string line = "firstseen: " + text + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);  // must not fail: a command may be running
}

/// Writes everything; what cannot be written is nobody's to read.
void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd, bytes.data(), bytes.size());
    if (put < 0 && errno == EAGAIN) {
      pollfd entry{.fd = fd, .events = POLLOUT, .revents = 0};
      ::poll(&entry, 1, -1);
      continue;
    }
    if (put < 0 && errno != EINTR) return;
    bytes.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(put, 0)));
  }
}

/// The command's words for audit, with a NUL behind each.
std::string payload_of(const std::vector<std::string>& command) {
  std::string payload;
  for (const std::string& word : command) payload.append(word.c_str(), word.size() + 1);
  return payload;
}

bool may_run_again(const CommandResult& result, const GuardOptions& options) {
  switch (result.end) {
    case End::not_started:
      return true;
    case End::timed_out:
      return options.retry_timeout;
    case End::signalled:
      return options.retry_signal;
    case End::exited:
      break;
  }
  return result.number != 0 && options.retry_failure;
}

/// start(), waiting as long as it is asked to. Signals are blocked, so that none ends this process between the claim
/// and the command; while it waits they are looked for, and taken once they are let in.
Result<Started> start(Handler& handler, const GuardOptions& options, std::optional<SignalGuard>& signals) {
  const SystemClock clock;
  const std::string payload = payload_of(options.command);
  const std::int64_t began_ms = clock.steady_ms();
  for (;;) {
    const Millis waited(clock.steady_ms() - began_ms);
    const Millis step = std::clamp(options.wait - waited, Millis(0), waiting_step);
    auto started = handler.start(options.key, {.wait = step, .payload = payload});
    if (!started || started->state != State::in_flight || waited >= options.wait) return started;
    if (signals->ending()) {
      signals.reset();  // ends this process, unless somebody ignores that signal
      signals.emplace();
    }
  }
}

Result<int> replay(const Record& record) {
  const auto result = record.outcome ? decode_result(record.outcome->value) : std::nullopt;
  if (!result) {
    return fail(Exit::bad_data, fmt::format("operation '{}' was not recorded by firstseen exec: use another key or "
                                            "another --store",
                                            record.key.text()));
  }
  write_all(STDOUT_FILENO, result->out.kept);
  write_all(STDERR_FILENO, result->err.kept);
  for (const auto& [name, stream] : {std::pair{"stdout", &result->out}, std::pair{"stderr", &result->err}}) {
    const std::uint64_t lost = stream->total_bytes - stream->kept.size();
    if (lost == 0) continue;
    warn(fmt::format("the first run wrote {} more bytes to {}, which were not kept (--max-output, or a full store)",
                     lost, name));
  }
  return exit_status(*result);
}

tl::unexpected<Error> conflict(const Started& started, const Advice& advice) {
  const std::string& key = started.record->key.text();
  if (started.state == State::in_flight) {
    return fail(Action::retry, Exit::try_again, fmt::format("'{}' is running now", key));
  }
  return fail(Exit::unavailable,
              fmt::format("an earlier run of '{}' was cut off, and nobody knows how far it came: find out, then "
                          "`{}`, or use --on-abandoned retry",
                          key, advice.by_store("store forget", "--key=" + shell_word(key))));
}

/// Renews the lease. False when another run has taken over, so that this one must end.
bool renew(Handler& handler, const Claim& claim) {
  const auto renewed = handler.renew(claim);
  if (renewed) return true;
  warn(renewed.error().message);
  return !renewed.error().fenced;
}

/// Puts down how the command ended; without what it wrote where the store has no room for that.
Result<void> store_end(Handler& handler, const Claim& claim, CommandResult result, bool may_run_again) {
  const auto put = [&] {
    const auto outcome = to_outcome(result);
    return may_run_again ? handler.fail(claim, outcome) : handler.complete(claim, outcome);
  };
  auto stored = put();
  if (!stored && stored.error().action == Action::pause) stored = put();  // busy for a moment, perhaps
  if (stored || stored.error().action != Action::pause) return stored;
  result.out.kept.clear();
  result.err.kept.clear();
  if (!put()) return stored;
  warn("there is no room to keep what the command wrote, only how it ended: " + stored.error().message);
  return {};
}

Result<int> run(Handler& handler, const Claim& claim, const GuardOptions& options,
                std::optional<SignalGuard>& signals) {
  const auto proof = handler.proof_for_child();  // if this process is killed, what it has started may work on
  SupervisorOptions run_options;
  run_options.keep_open = proof ? proof->get() : -1;
  run_options.command = options.command;
  run_options.timeout = options.timeout;
  run_options.kill_after = options.kill_after;
  run_options.keep_bytes = options.keep_bytes;
  run_options.heartbeat_every = std::max(options.lease / beats_per_lease, Millis(1));
  run_options.heartbeat = [&] { return renew(handler, claim); };
  auto supervised = proof ? supervise(run_options, *signals) : forward(proof.error());
  if (!supervised) {
    // Nothing was started, so nothing is in doubt.
    const auto failed = handler.fail(claim, idempotency::Outcome::error("not_started", supervised.error().message));
    if (!failed) warn(failed.error().message);
    return forward(supervised.error());
  }
  const int status = exit_status(supervised->result);
  const bool again = may_run_again(supervised->result, options);
  const auto stored = store_end(handler, claim, std::move(supervised->result), again);
  signals.reset();  // the outcome is safe: from here on this process may be ended
  supervised->flush();
  if (!stored) {
    warn(fmt::format("the command ended with status {}, which could not be stored", status));
    return forward(stored.error());
  }
  if (const auto swept = handler.cleanup(); !swept) warn(swept.error().message);
  return status;
}

}  // namespace

Result<int> run_once(std::shared_ptr<idempotency::ResultStore> store, const GuardOptions& options) {
  Handler handler(std::move(store), {.ttl = options.ttl, .lease = options.lease, .on_abandoned = options.on_abandoned});
  std::optional<SignalGuard> signals(std::in_place);
  const auto started = start(handler, options, signals);
  if (!started) return forward(started.error());
  if (started->claim) return run(handler, *started->claim, options, signals);
  signals.reset();
  if (started->state == State::duplicate) return replay(*started->record);
  return conflict(*started, options.advice);
}

}  // namespace firstseen::exec
