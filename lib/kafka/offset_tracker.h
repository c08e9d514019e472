#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string_view>
#include <vector>

#include "base/message.h"

namespace firstseen::kafka {

/// The client's own next offset of every assigned partition. librdkafka's position is not trusted: whatever its queues
/// hold after an assignment, a rewind or a pause, each offset is delivered at most once and none is jumped over.
class OffsetTracker {
 public:
  enum class Verdict {
    deliver,
    discard,  ///< not assigned, delivered before, paused, or behind an error
    verify,   ///< may have been fetched before the last rewind: seek to `next`, call sought_again(), and look again
  };

  struct Track {
    std::int64_t next = 0;
    std::int64_t fetched_before = -1;  ///< next offset at the time of a rewind whose effect is not yet seen; -1: none
    bool verified = false;             ///< the rewind has been repeated
    bool paused = false;
    bool blocked = false;  ///< nothing is delivered until a rewind
  };

  void assign(std::span<const Position> positions);
  void clear() { tracks_.clear(); }
  /// Nothing happens to a partition that is not assigned.
  void rewind(const Position& position);
  /// The last rewind has been repeated: what is fetched from now on is believed.
  void sought_again(const TopicPartition& tp);
  void set_paused(const TopicPartition& tp, bool paused);
  void block(const TopicPartition& tp);

  [[nodiscard]] bool assigned(const TopicPartition& tp) const { return tracks_.contains(tp); }
  /// Null when not assigned; valid until the next assign() or clear().
  Track* find(const TopicPartition& tp);

  /// Judges a fetched message and moves on when it is to be delivered.
  static Verdict accept(Track& track, std::int64_t offset);

  [[nodiscard]] std::vector<Position> positions() const;
  [[nodiscard]] std::vector<TopicPartition> paused() const;

 private:
  std::map<TopicPartition, Track> tracks_;
};

}  // namespace firstseen::kafka
