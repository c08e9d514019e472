#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "dedup/access.h"
#include "dedup/context.h"
#include "dedup/partition.h"
#include "dedup/partitions.h"
#include "dedup/status.h"
#include "kafka/client.h"

namespace firstseen::dedup {

/// Reads the part of partitions' history that this store has not recorded, and records its keys. Publishes nothing and
/// commits no offset: what it records was decided long ago, by whoever published it. Progress is kept in the store, so
/// that a crash goes on where it was.
///
/// Only what is gone for good shortens a history, and what is covered then is told: what retention took, or another
/// log. A partition that cannot be read now is waited for; one whose data are damaged stops.
class Rebuild {
 public:
  struct Task {
    TopicPartition tp;
    std::int64_t from = 0;
    std::int64_t until = 0;    ///< the group's committed offset
    std::int64_t ends_ms = 0;  ///< the stream time there is not before this: what is older by a rule's ttl is left out
    bool is_whole = false;     ///< the log has all of the window; otherwise the end tells a person what is missing
  };

  /// The partitions of the tasks are in `partitions`, their state as before `from`, and are rebuilding from now on;
  /// `access` is theirs.
  Rebuild(const Context& context, Partitions& partitions, Access& access, std::vector<Task> tasks);

  /// Takes and records some messages. done: every task has reached its end, or has stopped its
  /// partition, and the store knows it. A rebalance that arrives meanwhile is handed over in `rebalance`; staged
  /// entries are dropped, the rebuild is over.
  Result<kafka::Progress> step(std::optional<kafka::Rebalance>& rebalance);
  /// Instead of a step, while one has failed and is not to be tried yet: reads nothing, and waits for a rebalance, for
  /// `limit` at most.
  Result<void> listen(Millis limit, std::optional<kafka::Rebalance>& rebalance);

  [[nodiscard]] std::uint64_t recorded() const { return recorded_; }

 private:
  struct Open {
    Task task;
    store::SourceRange range;  ///< since the last record
    bool finished = false;
    bool is_told = false;  ///< that the window is shorter
  };
  Result<void> fetch();
  void hand_over(kafka::Taken& taken, std::optional<kafka::Rebalance>& rebalance);
  void take(const MessageView& message);
  bool still_the_same_log(const MessageView& message, Open& open, Partition& partition);
  [[nodiscard]] bool outlived(std::int64_t time_ms, const Task& task) const;
  void finish(Open& open, Partition& partition);
  void tell_shortened(const Open& open) const;
  void give_up(Open& open, Partition& partition, const std::string& why);
  void on_event(const kafka::PartitionEvent& event);
  Result<bool> settle_gap();
  Result<void> go_on_after_gap(Open& open, Partition& partition, const kafka::Watermarks& log);
  Open* task_of(const TopicPartition& tp);
  Result<void> record();

  const Context& context_;
  Partitions& partitions_;
  Access& access_;
  std::vector<Open> tasks_;
  bool fetching_ = false;  ///< the client is told of the partitions
  bool in_touch_ = false;  ///< the group is answered, nothing is fetched
  std::uint64_t since_record_ = 0;
  std::uint64_t recorded_ = 0;
  key::Derived derived_;
};

}  // namespace firstseen::dedup
