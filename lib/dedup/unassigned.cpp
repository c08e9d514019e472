#include "dedup/unassigned.h"

#include <fmt/format.h>

#include "base/topic_pattern.h"

namespace firstseen::dedup {

namespace {
constexpr std::int64_t look_every_ms = 5'000;
/// So often one doubt is taken along: what is still assigned nothing then is one member too many.
constexpr int most_rejoins_for_one_doubt = 3;
}  // namespace

void Unassigned::enter(State state) {
  state_ = state;
  exist_since_ms_ = -1;
  look_at_ms_ = context_.clock.steady_ms() + look_every_ms;
}

void Unassigned::note_revoked(const std::vector<TopicPartition>& partitions, bool refused) {
  enter(State::waiting);
  if (refused) rejoins_.in_doubt = true;
  if (partitions.empty()) return;
  revoked_ = true;
  for (const TopicPartition& tp : partitions) rejoins_.topics.insert(tp.topic);
}

void Unassigned::note_assigned(const std::vector<TopicPartition>& partitions) {
  enter(partitions.empty() ? State::empty : State::assigned);
  revoked_ = false;
  if (!partitions.empty()) rejoins_ = {};
}

bool Unassigned::is_doubtful() const {
  return state_ != State::assigned && (rejoins_.in_doubt || (state_ == State::waiting && revoked_));
}

bool Unassigned::look_is_due() const { return is_doubtful() && context_.clock.steady_ms() >= look_at_ms_; }

Result<void> Unassigned::look() {
  const auto exist = topics_exist();
  if (!exist) return forward(exist.error());
  const std::int64_t now = context_.clock.steady_ms();
  look_at_ms_ = now + look_every_ms;
  if (!*exist) {
    exist_since_ms_ = -1;
    return {};
  }
  if (exist_since_ms_ < 0) exist_since_ms_ = now;
  const std::int64_t waited = now - exist_since_ms_;
  const bool answered = state_ == State::empty;
  if (Millis{waited} < unassigned_patience(answered, context_.options.session_timeout, rejoins_.in_a_row)) return {};
  if (++rejoins_.in_a_row > most_rejoins_for_one_doubt) rejoins_.in_doubt = false;
  if (auto left = context_.consumer.leave(); !left) return left;
  return fail(
      Action::restart, Exit::unavailable,
      fmt::format("the topics of input.topics exist, and {} for {} s: joining the group anew",
                  answered ? "no partition is assigned to this instance" : "no assignment has come", waited / 1000));
}

/// All that are named; of patterns, which the client cannot ask for, one of the topics whose partitions there were.
Result<bool> Unassigned::topics_exist() {
  bool named = false;
  for (const std::string& topic : context_.options.topics) {
    if (TopicPattern::is_one(topic)) continue;
    named = true;
    const auto partitions = count(topic);
    if (!partitions) return forward(partitions.error());
    if (*partitions == 0) rejoins_.in_doubt = true;
    if (partitions->value_or(0) == 0) return false;
  }
  if (named) return true;
  for (const std::string& topic : rejoins_.topics) {
    const auto partitions = count(topic);
    if (!partitions) return forward(partitions.error());
    if (*partitions == 0) rejoins_.in_doubt = true;
    if (partitions->value_or(0) > 0) return true;
  }
  return false;
}

/// A topic that may not be described counts as missing: it is waited for like one.
Result<std::optional<std::int32_t>> Unassigned::count(const std::string& topic) {
  auto partitions = context_.consumer.partition_count(topic);
  if (partitions || partitions.error().action == Action::restart) return partitions;
  return std::optional<std::int32_t>{0};
}

}  // namespace firstseen::dedup
