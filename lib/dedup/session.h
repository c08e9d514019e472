#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "dedup/assignment.h"
#include "dedup/batch.h"
#include "dedup/context.h"
#include "dedup/intake.h"
#include "dedup/partitions.h"
#include "dedup/rebuild.h"
#include "dedup/suspects.h"

namespace firstseen::dedup {

/// What outlives a session: a slot's counters and what it has learned about single messages.
struct SlotMemory {
  Counters counters;
  Suspects suspects;
  std::set<Position> skipped;
  Counters in_doubt;  ///< of the batch whose outcome a session has left open
};

/// The life of one client: initialise, apply the decision rule, join, then batch after batch, until a stop or an error
/// with Action::restart or stop. Destroying a session decides nothing: a batch in doubt stays undecided in the store.
///
/// A batch goes through the phases taking, sending, committing; a failed one through aborting and falling.
class Session {
 public:
  /// `between` is called whenever no batch is in hand, for requests from other threads.
  Session(const Context& context, SlotMemory& memory, std::function<void()> between,
          std::function<bool()> requests_wait);

  enum class Stepped { more, left };
  Result<Stepped> step();

  [[nodiscard]] Partitions& partitions() { return partitions_; }
  [[nodiscard]] const Partitions& partitions() const { return partitions_; }
  /// A word for the status page, with the reason when it is not running.
  [[nodiscard]] std::string state() const;
  [[nodiscard]] const std::string& detail() const { return detail_; }
  /// Has settled a batch or been assigned since it began: it is no restart in vain.
  [[nodiscard]] bool made_progress() const { return made_progress_; }

  /// For requests, between batches: lets a partition that stopped at a rejected message go on.
  Result<void> go_on(Partition& partition);

 private:
  enum class Phase { initialise, rule, taking, sending, committing, aborting, falling, asking, rebuilding, left };

  Result<void> step_phase();
  Result<void> on_error(const Error& error);
  Result<void> initialise();
  Result<void> rule();

  Result<void> taking();
  Result<bool> between_batches();
  Result<void> take_chunk();
  Result<void> rewind_untaken(std::span<const MessageView> messages);
  Result<void> on_event(const kafka::PartitionEvent& event);
  [[nodiscard]] bool must_finish() const;
  [[nodiscard]] Millis wait_limit() const;

  Result<void> prepare();
  Result<void> sending();
  Result<void> committing();
  void settle();
  void start_abort(const std::string& why);
  Result<void> aborting();
  Result<void> falling();
  Result<void> restore_partitions();
  void clear_batch();

  Result<void> answer_rebalance();
  Result<void> asking();
  Result<void> rebuilding();
  Result<void> begin_consuming();
  Result<bool> settle_gap();
  Result<void> go_on_after_gap(Partition& partition, const kafka::Watermarks& log);

  Result<void> back_off(const std::string& why);
  Result<void> end_back_off();
  bool waited();
  [[nodiscard]] bool backing_off() const { return resume_at_ms_ >= 0; }

  const Context& context_;
  SlotMemory& memory_;
  std::function<void()> between_;
  std::function<bool()> requests_wait_;
  Partitions partitions_;
  Batch batch_;
  Intake intake_;

  Phase phase_ = Phase::initialise;
  std::vector<kafka::OffsetCommit> offsets_;   ///< of the batch being committed
  std::optional<kafka::Rebalance> rebalance_;  ///< not answered yet
  std::optional<Assignment> assignment_;
  std::optional<Rebuild> rebuild_;
  bool to_assign_ = false;  ///< plans are made, the client has not been told yet
  bool assigned_ = false;
  bool joined_ = false;  ///< has been assigned at least once
  bool made_progress_ = false;
  std::string detail_;

  int failures_in_a_row_ = 0;
  std::int64_t resume_at_ms_ = -1;  ///< steady; backing off until then, partitions paused
};

}  // namespace firstseen::dedup
