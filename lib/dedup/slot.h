#pragma once

#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "dedup/live_options.h"
#include "dedup/options.h"
#include "dedup/status.h"
#include "dedup/steps.h"
#include "kafka/client.h"
#include "key/deriver.h"
#include "store/seen_store.h"

namespace firstseen::dedup {

/// What a slot works with; all of it outlives the slot and is used by the thread that calls Slot::step() only, except
/// `steps` and `log`, which its publishing thread calls too.
struct SlotParts {
  SlotOptions options;
  key::Deriver* deriver = nullptr;
  store::SeenStore* store = nullptr;
  kafka::ClientFactory make_client;
  const Clock* clock = nullptr;
  std::function<void(Millis)> idle;  ///< waits that long or less; empty: really waits. The simulation moves its clock
  StepHook* steps = nullptr;         ///< may be null
  LogSink log;
  /// Who publishes: empty, a thread of the slot; otherwise whoever calls Slot::step_publishing(), so many messages at a
  /// time.
  std::optional<std::size_t> publish_slice = std::nullopt;
};

/// One consumer, one producer, one store: the exactly-once loop of design section 2.
///
/// Inside, two stages overlap: the thread that calls step() takes, decides and prepares, a second one publishes and
/// commits. step() is called again and again by one thread; it does one small piece of work and waits at most about a
/// second. The other public functions are thread-safe.
class Slot {
 public:
  explicit Slot(SlotParts parts);
  ~Slot();
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;
  Slot(Slot&&) = delete;
  Slot& operator=(Slot&&) = delete;

  enum class Stepped { more, stopped };
  /// `stopped` after a graceful stop: the batch is finished or aborted (or its outcome left for the next start to
  /// decide), the client is gone. The store is the caller's to close. An error ends the slot with an exit status.
  Result<Stepped> step();
  /// A small piece of the publishing stage's work; only with SlotParts::publish_slice, by the thread that calls step().
  void step_publishing();

  /// Finish or abort the batch and stop, within about `limit`. Safe from any thread (not from a signal handler).
  void request_stop(Millis limit);

  /// Goes on behind the message at `offset` at which this partition has stopped; that message counts as rejected.
  /// The future's text is for the person who asked. Done by the next step().
  std::future<Result<std::string>> skip(TopicPartition tp, std::int64_t offset);
  /// Other options from the next batch on, all of them or none. What a longer ttl does not cover yet is reported; a
  /// partition that has stopped at a rejected message meets it again under another route for rejects.
  PendingChange change(LiveOptions options);
  /// Finishes the batch in flight and takes nothing until resume(); partitions stay assigned, those that come later are
  /// paused as well. `by`: who asks, and why. The future's text is for that person; it is there when no batch is
  /// unfinished any more.
  std::future<Result<std::string>> pause(const std::string& by);
  /// The text is for the person who asked. Followed within about a second.
  std::string resume();
  /// Forgets a key: a tombstone in a batch record of its own.
  std::future<Result<std::string>> forget(Digest digest);

  [[nodiscard]] SlotStatus status() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace firstseen::dedup
