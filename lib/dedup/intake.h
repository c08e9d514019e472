#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>

#include "base/error.h"
#include "dedup/batch.h"
#include "dedup/context.h"
#include "dedup/decision.h"
#include "dedup/partitions.h"
#include "dedup/routes.h"
#include "dedup/suspects.h"

namespace firstseen::dedup {

/// Takes messages into the batch in hand: derives the key, decides, stages the entry, publishes.
class Intake {
 public:
  /// `skipped`: messages that a person has asked to leave out.
  Intake(const Context& context, Partitions& partitions, Batch& batch, const Suspects& suspects,
         const std::set<Position>& skipped);

  /// Takes messages in order. Stops early when the next one must not share this batch (see Suspects): returns how many
  /// were dealt with. Errors leave the batch to be aborted.
  Result<std::size_t> take(std::span<const MessageView> messages);

  /// The partition's position moves to `offset` without a message (markers at the end of a log, a skipped gap).
  Result<void> advance(Partition& partition, std::int64_t offset);
  /// Opens the batch and its transaction, if it is not open.
  Result<void> open();

 private:
  enum class Fate { taken, cut };
  Result<Fate> take_one(const MessageView& message);
  /// What becomes of the message, with `derived_` filled; nothing is done yet.
  Verdict judge(const MessageView& message, const store::PartitionState& next);
  Result<void> carry_out(const MessageView& message, Partition& partition, const store::PartitionState& next,
                         Verdict verdict);
  Result<void> carry_out_first_seen(const MessageView& message, std::uint32_t range, std::int64_t now_ms);
  Result<void> carry_out_duplicate(const MessageView& message, std::uint32_t range, std::int64_t now_ms);
  Result<void> carry_out_rejected(const MessageView& message);
  Result<void> publish(const MessageView& message, const kafka::Destination& to,
                       std::span<const kafka::AddedHeader> added);
  Result<void> stop_at(const MessageView& message, Partition& partition);
  Result<bool> still_the_same_log(const MessageView& message, Partition& partition);
  void stage(std::uint32_t range, const MessageView& message, std::int64_t now_ms);
  [[nodiscard]] std::int64_t decision_time(const store::PartitionState& state) const;
  void note_last_messages();

  const Context& context_;
  Partitions& partitions_;
  Batch& batch_;
  const Suspects& suspects_;
  const std::set<Position>& skipped_;
  Routes routes_;
  key::Derived derived_;
  std::optional<store::Found> found_;
  bool must_stop_ = false;             ///< the rejected message cannot take any route
  bool dropped_ = false;               ///< the rejected message goes nowhere, whatever the route
  std::int64_t wall_ms_ = 0;           ///< at the start of the chunk
  std::int64_t swept_before_ms_ = -1;  ///< the store's horizon at the start of the chunk
};

}  // namespace firstseen::dedup
