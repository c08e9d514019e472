#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/message.h"
#include "dedup/context.h"

namespace firstseen::dedup {

/// What outlives a session that has joined the group anew for want of a partition; forgotten with the next partition.
struct Rejoins {
  int in_a_row = 0;
  bool in_doubt = false;         ///< a subscribed topic was said to be missing or refused since there was a partition
  std::set<std::string> topics;  ///< those of the partitions that were taken away
};

/// How long the topics must have been there before the group is joined anew. `answered`: no partition was assigned;
/// otherwise no assignment came, and the group may be waiting for a member that is gone until its session ends.
constexpr Millis unassigned_patience(bool answered, Millis session_timeout, int rejoins) {
  constexpr std::int64_t longest_ms = 10LL * 60 * 1000;
  const std::int64_t first_ms = answered ? 10'000 : session_timeout.count() + 15'000;
  std::int64_t ms = first_ms;
  for (int i = 0; i < rejoins && ms < longest_ms; ++i) ms *= 2;
  return Millis{ms > longest_ms ? (first_ms > longest_ms ? first_ms : longest_ms) : ms};
}

/// A member without a partition although there are some for it. Of a topic that was made anew the group's leader may
/// hear from a broker that does not know it yet: it assigns none of its partitions, and sees no reason to do so later.
///
/// More members than partitions are normal, and a rebalance takes every member's partitions away first: an empty
/// assignment is doubted only after a subscribed topic was missing or refused.
class Unassigned {
 public:
  Unassigned(const Context& context, Rejoins& rejoins) : context_(context), rejoins_(rejoins) {}

  /// The group has taken these away. `refused`: one of them could not be read at the end.
  void note_revoked(const std::vector<TopicPartition>& partitions, bool refused);
  void note_assigned(const std::vector<TopicPartition>& partitions);
  /// The client says that a subscribed topic is not there, or refused.
  void note_unavailable() { rejoins_.in_doubt = true; }

  [[nodiscard]] bool look_is_due() const;
  /// Asks for the topics. Once they have been there for long enough the member leaves the group, which its successor
  /// then joins as a new one, so that all partitions are assigned anew: Action::restart.
  Result<void> look();

 private:
  enum class State { waiting, assigned, empty };

  void enter(State state);
  [[nodiscard]] bool is_doubtful() const;
  Result<bool> topics_exist();
  Result<std::optional<std::int32_t>> count(const std::string& topic);

  const Context& context_;
  Rejoins& rejoins_;
  State state_ = State::waiting;
  bool revoked_ = false;              ///< it had a partition, and no assignment has come since
  std::int64_t look_at_ms_ = 0;       ///< steady
  std::int64_t exist_since_ms_ = -1;  ///< steady; -1: they did not at the last look
};

}  // namespace firstseen::dedup
