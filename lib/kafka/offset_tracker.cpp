#include "kafka/offset_tracker.h"

#include <algorithm>

namespace firstseen::kafka {

void OffsetTracker::assign(std::span<const Position> positions) {
  tracks_.clear();
  for (const Position& position : positions) tracks_[position.tp].next = position.offset;
}

void OffsetTracker::rewind(const Position& position) {
  Track* track = find(position.tp);
  if (track == nullptr) return;
  // Messages fetched before the rewind begin at the old next offset or, if an earlier rewind is still unseen, at its.
  const std::int64_t fetched_before = std::max(track->next, track->fetched_before);
  track->next = position.offset;
  track->fetched_before = fetched_before > position.offset ? fetched_before : -1;
  track->verified = false;
  track->blocked = false;
}

void OffsetTracker::sought_again(const TopicPartition& tp) {
  if (Track* track = find(tp)) track->verified = true;
}

void OffsetTracker::set_paused(const TopicPartition& tp, bool paused) {
  if (Track* track = find(tp)) track->paused = paused;
}

void OffsetTracker::block(const TopicPartition& tp) {
  if (Track* track = find(tp)) track->blocked = true;
}

OffsetTracker::Track* OffsetTracker::find(const TopicPartition& tp) {
  const auto found = tracks_.find(tp);
  return found == tracks_.end() ? nullptr : &found->second;
}

OffsetTracker::Verdict OffsetTracker::accept(Track& track, std::int64_t offset) {
  if (track.paused || track.blocked || offset < track.next) return Verdict::discard;
  if (track.fetched_before >= 0) {
    // All between may have been removed by compaction or retention, so the second answer is believed.
    if (offset >= track.fetched_before && !track.verified) return Verdict::verify;
    track.fetched_before = -1;
  }
  track.next = offset + 1;
  return Verdict::deliver;
}

std::vector<Position> OffsetTracker::positions() const {
  std::vector<Position> all;
  all.reserve(tracks_.size());
  for (const auto& [tp, track] : tracks_) all.push_back({tp, track.next});
  return all;
}

std::vector<TopicPartition> OffsetTracker::paused() const {
  std::vector<TopicPartition> all;
  for (const auto& [tp, track] : tracks_) {
    if (track.paused) all.push_back(tp);
  }
  return all;
}

}  // namespace firstseen::kafka
