#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "dedup/access.h"
#include "dedup/assignment.h"
#include "dedup/batch.h"
#include "dedup/context.h"
#include "dedup/fresh_ends.h"
#include "dedup/hold.h"
#include "dedup/intake.h"
#include "dedup/leaders.h"
#include "dedup/partitions.h"
#include "dedup/publish_stage.h"
#include "dedup/rebuild.h"
#include "dedup/standing_ends.h"
#include "dedup/standstill.h"
#include "dedup/suspects.h"

namespace firstseen::dedup {

/// What outlives a session: a slot's counters and what it has learned about single messages.
struct SlotMemory {
  Counters counters;
  Measures measures;
  Suspects suspects;
  std::set<Position> skipped;
  Counters in_doubt;  ///< of the batch whose outcome a session has left open
  Hold hold;
};

/// What a session asks of its slot.
struct SessionHooks {
  std::function<void()> between;        ///< called whenever no batch is unfinished, for other threads' requests
  std::function<bool()> requests_wait;  ///< there are such requests
  std::function<void(const std::string& why)> refuse;  ///< answers them with that, and that they be made again
  std::function<void(Millis)> wait_for_publishing;     ///< until the publishing stage has got on, that long at most
};

/// The first of the slot's two stages, for the life of one client: initialise, apply the decision rule, join, then
/// batch after batch, until a stop or an error with Action::restart or stop. Destroying a session decides nothing: a
/// batch in doubt stays undecided in the store.
///
/// Of a batch it takes the messages, decides, hands chunks on to the publishing stage, and prepares the record. While
/// that stage commits the batch (`in_flight_`), the next one is taken (`batch_`): its decisions stand on the entries in
/// flight and fall with them. It is prepared only when the outcome of the one before is known, and everything that
/// concerns the group waits until neither is there.
class Session {
 public:
  Session(const Context& context, PublishStage& stage, SlotMemory& memory, SessionHooks hooks);

  enum class Stepped { more, left };
  Result<Stepped> step();

  [[nodiscard]] Partitions& partitions() { return partitions_; }
  [[nodiscard]] const Partitions& partitions() const { return partitions_; }
  /// A word for the status page, with the reason when it is not running.
  [[nodiscard]] std::string state() const;
  [[nodiscard]] const std::string& detail() const;
  /// Has settled a batch or been assigned since it began: it is no restart in vain.
  [[nodiscard]] bool made_progress() const { return made_progress_; }
  /// It has partitions and lacks none of their history, as far as that is to be read again.
  [[nodiscard]] bool has_history() const { return assigned_ && !partitions_.empty(); }
  /// Takes nothing because a person has asked for it, and has no unfinished batch.
  [[nodiscard]] bool held() const {
    const bool opens_one = phase_ == Phase::asking || (phase_ == Phase::taking && to_assign_);  // for the start offsets
    return held_ && !opens_one && !batch_.is_open() && !in_flight_.is_open();
  }

  /// Looks up how long the logs of the fetched partitions are; the client knows that without asking.
  void note_known_ends();

  /// For requests, between batches: lets a partition that stopped at a rejected message go on.
  Result<void> go_on(Partition& partition);

 private:
  enum class Phase { initialise, rule, taking, aborting, falling, asking, rebuilding, left };

  Result<void> step_phase();
  Result<void> on_error(const Error& error);
  Result<void> initialise();
  Result<void> rule();

  // session_taking.cpp
  Result<void> taking();
  Result<bool> between_batches();
  Result<void> take_chunk();
  Result<void> note_settled();
  std::vector<Position> positions_of(std::span<const MessageView> messages);
  Result<void> on_event(const kafka::PartitionEvent& event);
  [[nodiscard]] bool must_finish() const;
  [[nodiscard]] std::int64_t complete_at_ms() const;
  [[nodiscard]] bool wants_quiet() const;
  [[nodiscard]] std::size_t chunk_limit() const;
  [[nodiscard]] Millis wait_limit() const;

  // session_gap.cpp
  [[nodiscard]] bool gap_is_due() const;
  Result<bool> settle_gap();
  void wait_for_leader_of(Partition& partition);
  Result<void> go_on_after_gap(Partition& partition, const kafka::Watermarks& log);

  // session_waiting.cpp
  void expect_waiting();
  [[nodiscard]] bool waiting_retry_is_due() const;
  Result<bool> retry_waiting();
  Result<std::vector<TopicPartition>> ready_to_begin();
  Result<bool> has_output(Partition& partition, Outputs& outputs);
  void begin_asking(std::vector<TopicPartition> partitions, Millis patience);
  Result<void> stay_in_touch();

  // session_listening.cpp
  Result<void> listen(Millis limit);
  Result<void> listen_while_falling(Millis limit);

  // session_hold.cpp
  /// What a person has asked for is not what the session does.
  [[nodiscard]] bool hold_is_due() const { return memory_.hold.asked() != held_; }
  Result<void> follow_hold();
  Result<void> end_hold();
  /// Resumes them, unless all partitions are paused.
  Result<void> let_fetch(const std::vector<TopicPartition>& partitions);

  // session_batch.cpp
  Result<void> prepare();
  Result<void> hear();
  Result<void> on_report(StageReport report);
  void note_times(const StageReport& report);
  Result<void> commit_offsets();
  void await();
  void settle();
  void start_abort(const std::string& why);
  Result<void> aborting();
  Result<void> falling();
  void restore(const Batch& batch);
  Result<void> restore_partitions();

  // session_standstill.cpp
  void look_for_standstill();
  [[nodiscard]] bool waits_for_brokers() const;
  [[nodiscard]] bool nothing_is_left() const;
  [[nodiscard]] std::string words_for_wait() const;

  // session_group.cpp
  Result<void> answer_rebalance();
  Result<void> asking();
  Result<void> rebuilding();
  void end_rebuild();
  Result<void> begin_consuming();

  Result<void> back_off(const std::string& why);
  Result<void> end_back_off();
  Result<bool> waited();
  [[nodiscard]] bool backing_off() const { return resume_at_ms_ >= 0; }

  const Context& context_;
  PublishStage& stage_;
  SlotMemory& memory_;
  SessionHooks hooks_;
  Partitions partitions_;
  Access access_;
  Leaders leaders_;
  StandingEnds standing_ends_;
  FreshEnds fresh_ends_;
  Batch batch_;                               ///< in hand
  Batch in_flight_;                           ///< prepared and handed over; open until its outcome is known
  std::uint64_t in_flight_id_ = 0;            ///< its number in the store
  std::int64_t next_begin_ms_ = 0;            ///< steady; the transaction of the batch in hand does not begin before
  std::int64_t prepare_time_ms_ = 1;          ///< of the last batch, rounded up: the next is cut that long before
  std::vector<kafka::OffsetCommit> offsets_;  ///< of in_flight_; at_least_once only
  Intake intake_;
  Publications publications_;          ///< of the chunk in hand; empty between steps
  std::uint64_t message_bytes_ = 256;  ///< average of the last chunk

  Phase phase_ = Phase::initialise;
  bool initialised_ = false;        ///< the publishing stage is
  bool same_cluster_ = false;       ///< the client has met the store's; asked again with every assignment
  bool acknowledged_ = false;       ///< at_least_once: in_flight_ is published, its offsets are to be committed
  bool commit_unanswered_ = false;  ///< likewise: it was tried, and what became of that is not known
  std::int64_t acknowledged_at_ns_ = 0;
  bool in_flight_failed_ = false;
  bool abort_asked_ = false;
  bool aborted_ = false;
  std::optional<kafka::Rebalance> rebalance_;  ///< not answered yet
  std::optional<Assignment> assignment_;
  std::optional<Rebuild> rebuild_;
  bool in_touch_ = false;   ///< while asking, or falling: the group is answered, nothing is fetched
  bool to_assign_ = false;  ///< plans are made, the client has not been told yet
  bool assigned_ = false;
  bool joined_ = false;  ///< has been assigned at least once
  bool made_progress_ = false;
  bool held_ = false;  ///< by a person: every running partition is paused
  std::string detail_;

  Standstill standstill_;
  int failures_in_a_row_ = 0;
  std::int64_t resume_at_ms_ = -1;         ///< steady; backing off until then, partitions paused
  std::int64_t retry_waiting_at_ms_ = -1;  ///< steady; -1: no partition waits for its output topic or its leader
  int waiting_retries_ = 0;
  std::int64_t retry_gap_at_ms_ = -1;  ///< steady; no leader is asked about a gap before
  int gap_retries_ = 0;
};

}  // namespace firstseen::dedup
