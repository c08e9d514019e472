#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>

#include "base/message.h"
#include "kafka/client.h"

namespace firstseen::dedup {

/// Finds the message for whose sake a whole batch fails. A failure that names its message condemns it at once; one that
/// struck a whole produce batch (an impossible timestamp does) makes all of them suspects. From then on a batch holds
/// either no suspect or nothing but suspects, half of them at most, so that every failure halves them, until one that
/// fails alone is condemned. An innocent message is never condemned.
class Suspects {
 public:
  /// Learns from the failures of an aborted batch; returns whether it knows more than before.
  bool learn(std::span<const kafka::DeliveryFailure> failures);

  /// Whether this message may go into a batch that already holds `messages`, `suspects` of them suspects.
  [[nodiscard]] bool fits(const Position& position, std::size_t messages, std::size_t suspects) const;
  [[nodiscard]] bool is_suspect(const Position& position) const { return suspects_.contains(position); }

  struct Condemned {
    std::string reason;
    int failures = 1;  ///< 2: its way by the rejects route failed, too
  };
  [[nodiscard]] const Condemned* condemned(const Position& position) const;

  /// A batch that held these offsets of a partition, up to and excluding `end`, was committed.
  void acquit(const TopicPartition& tp, std::int64_t end);

  [[nodiscard]] bool empty() const { return suspects_.empty() && condemned_.empty(); }

 private:
  void condemn(const kafka::DeliveryFailure& failure);

  std::set<Position> suspects_;
  std::map<Position, Condemned> condemned_;
};

}  // namespace firstseen::dedup
