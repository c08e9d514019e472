#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "dedup/batch.h"
#include "dedup/context.h"
#include "dedup/decision.h"
#include "dedup/partitions.h"
#include "dedup/publication.h"
#include "dedup/routes.h"
#include "dedup/suspects.h"

namespace firstseen::dedup {

/// Takes chunks of messages into the batch in hand, each in three passes: the first derives keys and settles everything
/// that does not depend on what was seen before; the second asks the store about all keys at once and stages the new
/// ones; the third carries the verdicts out, in order. Its arrays are used again for every chunk.
class Intake {
 public:
  /// `skipped`: messages that a person has asked to leave out.
  Intake(const Context& context, Partitions& partitions, Batch& batch, const Suspects& suspects,
         const std::set<Position>& skipped);

  /// Takes messages in order; fills `out` (empty before, but for its memory) with what is to be published. Stops early
  /// when the next message must not share this batch (see Suspects): returns how many were dealt with. Errors leave the
  /// batch to be aborted.
  Result<std::size_t> take(std::span<const MessageView> messages, Publications& out);

  /// The partition's position moves to `offset` without a message (markers at the end of a log, a skipped gap).
  Result<void> advance(Partition& partition, std::int64_t offset);

  /// Stops a partition whose log turns out not to be the one that was read so far; `sign` tells a person by what.
  Result<void> meet_other_log(Partition& partition, const std::string& sign);

 private:
  /// A message that the batch takes.
  struct Admitted {
    std::uint32_t message = 0;  ///< index in the chunk
    key::Derived::Kind derived = key::Derived::Kind::key;
    bool dropped = false;         ///< rejected, and goes nowhere whatever the route
    std::uint32_t rejection = 0;  ///< index in rejections_
  };
  enum class Fate { dealt_with, cut };

  // intake.cpp: the first pass
  Result<std::size_t> admit_all(std::span<const MessageView> messages);
  Result<Fate> admit(const MessageView& message, std::uint32_t index);
  /// What becomes of the message, with `derived_` filled; nothing is done yet. Returns whether the partition must stop.
  bool judge(const MessageView& message, Admitted& admitted);
  Result<void> stop_at(const MessageView& message, Partition& partition);
  Result<bool> still_the_same_log(const MessageView& message, Partition& partition);
  Result<void> open();
  void note_removed();
  void meet_in_chunk(Partition& partition);
  void tell_wrong_clock(const Partition& partition, bool was_behind);
  void note_last_messages();
  [[nodiscard]] std::int64_t decision_time(const store::PartitionState& state) const;

  // intake_verdicts.cpp: the other two
  void decide_all();
  void carry_out(std::span<const MessageView> messages, Publications& out);
  void carry_out_first_seen(const MessageView& message, const Admitted& admitted, const store::Entry& entry,
                            Publications& out);
  void carry_out_duplicate(const MessageView& message, const Admitted& admitted, const store::Found& found,
                           Publications& out);
  void carry_out_rejected(const MessageView& message, const Admitted& admitted, Publications& out);
  void carry_out_passed(const MessageView& message, const Admitted& admitted, Publications& out);
  void publish(const MessageView& message, const Admitted& admitted, const kafka::Destination& to, Publications& out);

  const Context& context_;
  Partitions& partitions_;
  Batch& batch_;
  const Suspects& suspects_;
  const std::set<Position>& skipped_;
  Routes routes_;

  // Of the chunk in hand.
  key::Derived derived_;
  std::vector<Admitted> admitted_;
  std::vector<store::Entry> entries_;               ///< of the admitted messages that have a key
  std::vector<std::optional<store::Found>> found_;  ///< to each entry
  std::vector<key::Rejection> rejections_;
  std::vector<Partition*> touched_;  ///< partitions whose last_in_chunk is set
  std::int64_t wall_ms_ = 0;         ///< at its start
  std::int64_t steady_ms_ = 0;       ///< likewise

  /// By rule: a message before this looks back to where entries have been removed, as of when the batch was opened; a
  /// prepare alone removes any.
  std::vector<std::int64_t> late_before_ms_;
  std::optional<std::int64_t> told_behind_at_ms_;  ///< steady; that the clock was behind
  std::optional<std::int64_t> told_ahead_at_ms_;   ///< steady; that a stream time is ahead of the clock
};

}  // namespace firstseen::dedup
