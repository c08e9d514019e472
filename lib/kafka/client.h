#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/message.h"
#include "kafka/chunk.h"

namespace firstseen::kafka {

/// How a call that may block answers. Every such call waits a second at most, so that signals and status stay alive.
enum class Progress {
  done,
  again,  ///< not finished: the same call with the same arguments, never another one (except where a comment allows it)
};

/// What the consumer group asks for. Nothing happens to the group until it is answered: `assigned` by
/// Consumer::assign (at once or after any number of other calls), `revoked` and `lost` by Consumer::unassign.
/// Assignment is eager: `revoked` and `lost` always concern every partition held.
struct Rebalance {
  enum class Kind { assigned, revoked, lost } kind = Kind::assigned;
  std::vector<TopicPartition> partitions;
};

/// Something that happened to one partition instead of a message.
struct PartitionEvent {
  enum class Kind {
    end_of_log,           ///< the fetch position has reached the end (of what read_committed shows)
    offset_out_of_range,  ///< the position lies outside the log; the partition delivers nothing until rewind()
    inaccessible,         ///< refused or not known now (authorization, unknown topic); said once, tried again by itself
    unreadable,           ///< its data are damaged; the partition delivers nothing until rewind()
  } kind = Kind::end_of_log;
  TopicPartition tp;
  std::int64_t offset = -1;  ///< end_of_log and unreadable: the next offset to be fetched
  std::string detail;        ///< inaccessible and unreadable: why
};

/// What take() brought.
struct Taken {
  Chunk chunk;                            ///< keeps the messages
  std::span<const MessageView> messages;  ///< in order within a partition; live as long as `chunk`
  std::vector<PartitionEvent> events;
  std::optional<Rebalance> rebalance;  ///< if set, no message of this call was fetched after it
};

/// A committed offset as the group coordinator keeps it.
struct Committed {
  TopicPartition tp;
  std::optional<std::int64_t> offset;  ///< nothing: the group has no offset for this partition
  std::string metadata;
};

/// An offset to be committed; `next_offset` is the first that has not been processed.
struct OffsetCommit {
  TopicPartition tp;
  std::int64_t next_offset = 0;
  std::string metadata;
};

/// The group's membership at one moment (member id, generation), kept with a batch, so that a batch taken before a
/// rebalance can never be committed after it. Copies share the underlying object.
using GroupMembership = std::shared_ptr<const void>;

/// Where a message is published.
struct Destination {
  std::string_view topic;
  std::int32_t partition = -1;  ///< -1: by murmur2 of the record key, as Java clients do
};

/// A header to be added behind the message's own (side topics only).
struct AddedHeader {
  std::string_view name;  ///< lives as long as the program: firstseen's own names
  std::string value;
};

/// A published message that the broker or the client refused. `position` is the input message it came from.
struct DeliveryFailure {
  Position position;
  bool permanent = false;  ///< it is this message's own fault (too large, impossible timestamp): never send it again
  bool alone = false;  ///< the fault is known to be this very message's, not only its neighbours' in one produce batch
  std::string reason;
};

/// First and next-to-be-written offset of a partition, as read_committed consumers see them.
struct Watermarks {
  std::int64_t low = 0;
  std::int64_t high = 0;
  std::int64_t uncommitted = -1;  ///< Consumer::uncommitted_end, not before `high`; -1: not asked for

  /// Where the log ends, as far as it was asked.
  [[nodiscard]] std::int64_t end() const { return high > uncommitted ? high : uncommitted; }
  /// Fetching can begin there: what is missing at that position is still to be written, or to be committed.
  [[nodiscard]] bool has(std::int64_t position) const { return position >= low && position <= end(); }
};

/// The taking side of the narrow interface through which a slot sees Kafka: one member of a consumer group.
///
/// All functions are called by one thread. Errors carry the Action that the error table in lib/kafka/README.md
/// prescribes: `abort` (abort the unfinished batches, then rewind), `restart` (destroy this client; the outcome of a
/// transaction in flight is unknown), `stop` (a person must act).
class Consumer {
 public:
  Consumer() = default;
  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;
  Consumer(Consumer&&) = delete;
  Consumer& operator=(Consumer&&) = delete;
  virtual ~Consumer() = default;

  /// Joins the group. Called once, after Publisher::init_transactions and the decision rule.
  virtual Result<void> subscribe(const std::vector<std::string>& topics) = 0;

  /// Waits at most `wait` for the first message or event, then takes what is there, at most `max_messages`.
  /// Messages of paused partitions and of positions before a rewind are never delivered.
  virtual Result<Taken> take(std::size_t max_messages, Millis wait) = 0;

  /// Starts fetching the given positions, and only these; replaces the assignment. Answers Rebalance::assigned.
  virtual Result<void> assign(std::span<const Position> positions) = 0;
  /// Gives up every partition. Answers Rebalance::revoked and lost.
  virtual Result<void> unassign() = 0;
  /// The same partitions from other positions; messages fetched before are discarded. The partitions are assigned.
  virtual Result<void> rewind(std::span<const Position> positions) = 0;
  virtual Result<void> pause(std::span<const TopicPartition> partitions) = 0;
  virtual Result<void> resume(std::span<const TopicPartition> partitions) = 0;

  /// The group's membership now; taken when a batch is begun.
  virtual Result<GroupMembership> membership() = 0;

  /// at_least_once only: commits the offsets of a batch all of whose messages are acknowledged, if `membership` is
  /// still the group's. again: only the same call, or the destruction of the client, may follow.
  virtual Result<Progress> commit(std::span<const OffsetCommit> offsets, const GroupMembership& membership) = 0;

  // --- questions; each waits a second at most and answers nothing when the broker did not answer in time ---
  /// Stable committed offsets: transactions that are still being decided are waited for.
  virtual Result<std::optional<std::vector<Committed>>> committed(std::span<const TopicPartition> partitions) = 0;
  virtual Result<std::optional<Watermarks>> watermarks(const TopicPartition& tp) = 0;
  /// The end of the log with what open transactions have written, which watermarks() leaves out. To be asked only of a
  /// position behind Watermarks::high: it may take a client of its own.
  virtual Result<std::optional<std::int64_t>> uncommitted_end(const TopicPartition& tp) {
    const auto marks = watermarks(tp);
    if (!marks) return forward(marks.error());
    return *marks ? std::optional((**marks).high) : std::nullopt;
  }
  /// The offset behind the partition's log as the last fetch has told it. Never asks the broker nor waits.
  [[nodiscard]] virtual std::optional<std::int64_t> known_end(const TopicPartition& /*tp*/) { return std::nullopt; }
  /// The first offset whose timestamp is at or after `timestamp_ms`; the high watermark if there is none.
  virtual Result<std::optional<std::int64_t>> offset_for_time(const TopicPartition& tp, std::int64_t timestamp_ms) = 0;
  /// How many partitions a topic has now; 0 if it does not exist.
  virtual Result<std::optional<std::int32_t>> partition_count(const std::string& topic) = 0;
  /// The partitions of a topic that have no leader now: until they have one, the other questions about them take their
  /// second and find no answer. Any broker can tell.
  virtual Result<std::optional<std::vector<std::int32_t>>> leaderless(const std::string& /*topic*/) {
    return std::vector<std::int32_t>{};
  }
  /// Which cluster the brokers say they are of.
  virtual Result<std::optional<std::string>> cluster_id() { return std::optional<std::string>{}; }
};

/// The publishing side: one producer, and the transaction that makes a batch take effect as a whole; at most one is
/// open.
///
/// All functions are called by one thread, which need not be the consumer's. Errors are as for Consumer. With
/// delivery.guarantee at_least_once the same calls mean: begin and commit nothing by transaction, send_offsets waits
/// until every message published since begin() is acknowledged and leaves the offsets to Consumer::commit, abort
/// discards what was not yet sent.
class Publisher {
 public:
  Publisher() = default;
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;
  Publisher(Publisher&&) = delete;
  Publisher& operator=(Publisher&&) = delete;
  virtual ~Publisher() = default;

  /// Ends the predecessor's transaction and fences a predecessor that still lives. First call on a new client.
  virtual Result<Progress> init_transactions() = 0;

  virtual Result<void> begin() = 0;
  /// Enqueues a copy of `message` (value, key, headers, timestamp byte for byte; `added` headers last).
  /// again: the queue is full; the same message again, or abort(). An error with Action::abort: refused by the client
  /// itself; see failures().
  virtual Result<Progress> publish(const MessageView& message, const Destination& to,
                                   std::span<const AddedHeader> added) = 0;
  /// Sends the offsets to the transaction.
  virtual Result<Progress> send_offsets(std::span<const OffsetCommit> offsets, const GroupMembership& membership) = 0;
  /// Commits: waits for every message, then ends the transaction. `again` may only be followed by commit() again, or by
  /// the destruction of the client, which leaves the outcome unknown.
  virtual Result<Progress> commit() = 0;
  /// Aborts the open transaction and waits until no message of it can be delivered.
  virtual Result<Progress> abort() = 0;
  /// The deliveries that failed since begin(); complete once commit() or abort() has returned.
  virtual std::vector<DeliveryFailure> failures() = 0;
  /// begin() does not return sooner after a commit: until then the next batch may take in more and be no later.
  [[nodiscard]] virtual Millis pause_after_commit() const { return Millis{0}; }
  /// Why the last init_transactions, send_offsets, commit or abort has answered `again`; empty: it has not, or nothing
  /// is known.
  [[nodiscard]] virtual std::string why_again() { return {}; }

  /// Serves what has arrived from the broker; never waits. Called now and then while nothing else is.
  virtual void serve() = 0;
};

/// The two sides of a slot's client.
struct Client {
  std::unique_ptr<Consumer> consumer;
  std::unique_ptr<Publisher> publisher;  // destroyed first
};

/// Makes a slot's client anew at every start of the slot. A failure with Action::stop ends the slot only at the first.
using ClientFactory = std::function<Result<Client>()>;

}  // namespace firstseen::kafka
