#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/thread_owner.h"
#include "dedup/publication.h"
#include "dedup/steps.h"
#include "kafka/client.h"
#include "kafka/options.h"

namespace firstseen::dedup {

/// What the publishing stage tells the taking one.
struct StageReport {
  enum class Kind {
    initialised,   ///< the predecessor's transaction is over
    acknowledged,  ///< at_least_once: every message of the batch that was finished first; its offsets are to be
                   ///< committed
    committed,     ///< exactly_once: the batch that was finished first
    failed,        ///< nothing is done any more before abort(); with Action::restart or stop, never again
    aborted,       ///< what abort() asked for
    abort_failed,  ///< abort() may be called again
  } kind = Kind::failed;
  Error error;                                   ///< failed, abort_failed
  std::vector<kafka::DeliveryFailure> failures;  ///< aborted: the deliveries that failed
  std::int64_t publish_ns = 0;                   ///< acknowledged, committed: what the batch has taken here
  std::int64_t commit_ns = 0;                    ///< likewise, from its end on
  std::int64_t next_begin_ms = 0;                ///< committed: steady; the next transaction does not begin before
};

/// The second of the slot's two stages: publishes what the first has decided, in a transaction per batch, strictly in
/// order. It begins a batch when the one before is over, so at most one transaction is open, and at most two batches
/// are here: one that has ended and whose outcome is awaited, and behind it chunks of the next.
///
/// The taking stage calls the functions of the first group, on its own thread; the publishing thread calls step() or
/// run(), and nobody else touches the publisher. The simulation calls both from one thread.
class PublishStage {
 public:
  struct Options {
    kafka::Guarantee guarantee = kafka::Guarantee::exactly_once;
    std::size_t slice = 512;  ///< messages that one step publishes at most
    std::uint64_t max_queued_bytes = 16ULL << 20U;
    /// Each holds what the consumer fetched it with, some 600 bytes besides its own: with 32 * 1024 the daemon took 15
    /// MiB more and was hardly faster.
    std::size_t max_queued_messages = std::size_t{8} * 1024;
  };

  PublishStage(kafka::Publisher& publisher, StepHook* steps, const Clock& clock, const Options& options);

  // --- for the taking stage ---

  /// Whether more may be pushed now: the hand-over is bounded by bytes and messages, exceeded by one chunk at most.
  [[nodiscard]] bool has_room() const;
  /// An empty one to be filled, with the memory of an earlier one where there is one.
  [[nodiscard]] Publications spare();
  /// Hands over a chunk of the batch in hand; the first one begins it.
  void push(Publications publications);
  /// The batch in hand is complete and prepared. Precondition: the one before is over.
  void finish(BatchEnd end);
  /// at_least_once, after `acknowledged`: the offsets are committed, the next batch may be published.
  void go_on();
  /// Forgets what was pushed and aborts the transaction, if one is open. Precondition: no batch that was finished is
  /// undecided, or the stage has failed.
  void abort();
  [[nodiscard]] std::optional<StageReport> next_report();
  /// Why the last call to the broker is to be repeated, as far as the client tells; empty: it is not.
  [[nodiscard]] std::string why_again() const;
  /// Waits until there is a report or, if there was no room, until there is; at most `limit`.
  void wait(Millis limit);

  // --- for the publishing thread ---

  /// A small piece of work, waiting for the broker a second at most. False: there was nothing to do but to serve what
  /// had arrived from the broker.
  bool step();
  /// Steps until end().
  void run();

  /// From any thread: run() returns after the step under way.
  void end();

 private:
  enum class State { initialising, ready, sending, committing, waiting, failed, aborting, dead };
  struct Item {
    Publications publications;
    std::optional<BatchEnd> end;
  };

  bool fetch_orders();
  bool fetch_item();
  Result<void> work();
  Result<void> initialise();
  Result<void> publish();
  Result<void> begin();
  Result<void> send_offsets();
  Result<void> commit();
  Result<void> abort_transaction();
  void drop_item();
  void finish_item();
  void report(StageReport report);
  void note_why_again();
  void at(Step step) const;
  [[nodiscard]] bool full() const;

  kafka::Publisher& publisher_;
  StepHook* steps_;
  const Clock& clock_;
  const Options options_;

  // The publishing thread's own.
  ThreadOwner owner_;
  State state_ = State::initialising;
  bool open_ = false;            ///< a batch is begun and not over
  bool published_ = false;       ///< the batch has published a message
  std::int64_t publish_ns_ = 0;  ///< what the batch has taken so far
  std::int64_t ended_at_ns_ = 0;
  bool says_why_again_ = false;  ///< why_again_ is not empty
  std::optional<Item> item_;
  std::size_t next_ = 0;  ///< publication of item_

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable work_;
  std::condition_variable progress_;
  std::deque<Item> queue_;
  std::uint64_t queued_bytes_ = 0;  ///< also of the item in hand
  std::size_t queued_messages_ = 0;
  std::vector<Publications> spares_;
  std::deque<StageReport> reports_;
  std::string why_again_;
  bool abort_wanted_ = false;
  bool go_on_ = false;
  bool end_ = false;
};

}  // namespace firstseen::dedup
