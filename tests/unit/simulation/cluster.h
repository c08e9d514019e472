#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/message.h"
#include "group.h"
#include "partition_log.h"
#include "random.h"
#include "sim_clock.h"

namespace firstseen::simulation {

struct TopicSettings {
  std::size_t max_message_bytes = 1'000'000;  ///< keys and values
  /// message.timestamp.after.max.ms: how far ahead of the broker's clock a timestamp may be.
  std::int64_t max_ahead_ms = std::numeric_limits<std::int64_t>::max() / 4;
};

struct OffsetAndMetadata {
  std::int64_t offset = 0;
  std::string metadata;
};

/// A change of the group's committed offsets, in the order in which the coordinator made them.
struct OffsetChange {
  TopicPartition tp;
  std::optional<std::int64_t> before;
  std::optional<std::int64_t> after;  ///< nothing: deleted
  std::string metadata;
  TxnId txn = no_txn;  ///< no_txn: an operator did it
  std::string who;     ///< the process that committed
};

/// What is known of one delivery of an input message to a slot.
struct Delivery {
  std::int64_t wall_low_ms = 0;  ///< the slot's wall clock around its deliveries
  std::int64_t wall_high_ms = 0;
  std::int64_t first_ms = 0;  ///< steady
  std::int64_t last_ms = 0;
  bool as_history = false;  ///< delivered while the group's committed offset was beyond it
};

/// A simulated Kafka: topics, the transaction coordinator, one consumer group, and everything that the oracle must
/// know. Time passes only in pass_time().
class SimCluster {
 public:
  enum class Answer { ok, busy, fenced };
  /// Something that runs beside the slot: a client's heartbeat thread.
  class Background {
   public:
    Background() = default;
    Background(const Background&) = delete;
    Background& operator=(const Background&) = delete;
    Background(Background&&) = delete;
    Background& operator=(Background&&) = delete;
    virtual ~Background() = default;
    virtual void heartbeat() = 0;
  };

  SimCluster(SimClock& clock, Random random);

  // --- topics ---
  void create_topic(const std::string& name, std::int32_t partitions, TopicSettings settings = {});
  /// Drops the logs and, as Kafka does, the group's offsets of the topic (unless `keep_offsets`: it was not yet done).
  void delete_topic(const std::string& name, bool keep_offsets = false);
  void add_partitions(const std::string& name, std::int32_t partitions);
  [[nodiscard]] std::int32_t partition_count(const std::string& topic) const;
  /// Null if there is no such partition.
  [[nodiscard]] PartitionLog* log(const TopicPartition& tp);
  [[nodiscard]] const TopicSettings& settings(const std::string& topic) const { return topics_.at(topic).settings; }

  /// The broker lets nobody read the partition, or does so again; clients hear of a refusal once.
  void refuse(const TopicPartition& tp, bool refused);
  [[nodiscard]] bool refuses(const TopicPartition& tp) const { return refused_.contains(tp); }
  /// The only replica of the partition goes down or comes back: meanwhile nobody reads of it or hears how long it is.
  /// Clients are told that it has no leader, or (`told` false) still of the one that does not answer.
  void lose_leader(const TopicPartition& tp, bool lost, bool told = true);
  [[nodiscard]] bool has_leader(const TopicPartition& tp) const { return !leader_lost_.contains(tp); }
  /// Those of the topic of which clients are told so.
  [[nodiscard]] std::vector<std::int32_t> leaderless(const std::string& topic) const;
  /// The record at this position cannot be decoded, or can be again.
  void damage(const Position& position, bool damaged);
  [[nodiscard]] bool damaged(const Position& position) const { return damaged_.contains(position); }

  // --- transactions ---
  /// Fences the predecessor and ends its transaction. busy: a transaction of it is being decided.
  Answer init_producer(const std::string& id, std::int32_t& epoch);
  /// Registers a transaction at its first write. busy: the last one's markers are still being written.
  Answer open(const std::string& id, std::int32_t epoch, const std::string& who, TxnId& txn);
  /// A batch of at_least_once: never open at the coordinator; known so that its messages can be told apart.
  TxnId open_batch(const std::string& who);
  [[nodiscard]] bool current(const std::string& id, std::int32_t epoch) const;
  void write(TxnId txn, const TopicPartition& tp, Record record);
  /// TxnOffsetCommit: pending until the transaction is decided.
  void add_offsets(TxnId txn, const std::map<TopicPartition, OffsetAndMetadata>& offsets);
  /// EndTxn: decides the transaction; its markers and offsets follow at once or a little later.
  Answer end(TxnId txn, bool commit);
  /// An EndTxn that is still in the network: arrives at some later time, or finds itself fenced.
  void end_later(TxnId txn);
  [[nodiscard]] bool committed(TxnId txn) const { return txns_.at(txn).status == Status::committed; }
  [[nodiscard]] bool decided(TxnId txn) const { return txns_.at(txn).status >= Status::committed; }
  /// Of those begun so far.
  [[nodiscard]] TxnId last_txn() const { return static_cast<TxnId>(txns_.size()); }

  // --- the group's offsets ---
  void commit_offsets(TxnId batch, const std::map<TopicPartition, OffsetAndMetadata>& offsets);
  [[nodiscard]] std::optional<OffsetAndMetadata> committed_offset(const TopicPartition& tp) const;
  /// Is an offset of this partition part of a transaction that is not decided?
  [[nodiscard]] bool pending(const TopicPartition& tp) const;
  /// What an operator, or the expiry of offsets, does while the group is empty; nothing: deletes it.
  void set_offset(const TopicPartition& tp, std::optional<std::int64_t> offset);
  void delete_group();
  Group& group() { return group_; }

  // --- identity ---
  [[nodiscard]] const std::string& id() const { return id_; }
  /// What clients reach by the same names from now on says that it is another cluster.
  void set_id(std::string id) { id_ = std::move(id); }

  // --- time and faults ---
  void pass_time(std::int64_t ms);
  void attach(Background* client) { clients_.insert(client); }
  void detach(Background* client) { clients_.erase(client); }
  /// Nobody reaches the brokers for that long.
  void outage(std::int64_t ms) { down_until_ms_ = clock_.steady_ms() + ms; }
  [[nodiscard]] bool reachable() const { return clock_.steady_ms() >= down_until_ms_; }
  /// Chance in a thousand, per pass of time, that a delayed marker or request stays delayed.
  void set_delay(int permille) { delay_permille_ = permille; }
  /// Ends every delay and refusal, and every leader is back, so that what was decided is visible.
  void settle_down();
  SimClock& clock() { return clock_; }

  // --- for the oracle ---
  void note_delivery(const Position& position, std::int64_t wall_low_ms, std::int64_t wall_high_ms);
  [[nodiscard]] const Delivery* delivery(const Position& position) const;
  [[nodiscard]] const std::vector<OffsetChange>& offset_changes() const { return offset_changes_; }

  static constexpr std::int64_t transaction_timeout_ms = 60'000;

 private:
  enum class Status { open, committing, aborting, committed, aborted };
  struct Txn {
    std::string producer;  // empty: a batch of at_least_once
    std::int32_t epoch = 0;
    std::string who;
    Status status = Status::open;
    std::int64_t since_ms = 0;
    std::set<TopicPartition> partitions;
    std::map<TopicPartition, OffsetAndMetadata> offsets;
  };
  struct Producer {
    std::int32_t epoch = 0;
    TxnId last = no_txn;
  };
  struct Topic {
    TopicSettings settings;
    std::vector<PartitionLog> logs;
  };

  void complete(Txn& txn, TxnId id);
  void complete_delayed();
  void time_out_transactions();
  void change_offset(const TopicPartition& tp, std::optional<OffsetAndMetadata> to, TxnId txn, const std::string& who);

  SimClock& clock_;
  Random random_;
  std::string id_ = "a cluster";
  std::map<std::string, Topic> topics_;
  std::map<std::string, Producer> producers_;
  std::map<TxnId, Txn> txns_;
  std::set<TxnId> undecided_;
  std::set<TxnId> late_commits_;
  Group group_;
  std::map<TopicPartition, OffsetAndMetadata> offsets_;
  std::set<TopicPartition> refused_;
  std::map<TopicPartition, bool> leader_lost_;  // whether clients are told
  std::set<Position> damaged_;
  std::set<Background*> clients_;
  std::int64_t down_until_ms_ = 0;
  int delay_permille_ = 0;
  std::map<Position, Delivery> deliveries_;
  std::vector<OffsetChange> offset_changes_;
};

}  // namespace firstseen::simulation
