#include "dedup/leaders.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace firstseen::dedup {

namespace {
/// For so long what was seen is believed.
constexpr std::int64_t look_again_ms = 500;
}  // namespace

Result<std::optional<kafka::Watermarks>> watermarks_around(kafka::Consumer& consumer, const TopicPartition& tp,
                                                           std::int64_t position) {
  auto answer = consumer.watermarks(tp);
  if (!answer || !*answer || position <= (**answer).high) return answer;
  const auto end = consumer.uncommitted_end(tp);
  if (!end) return forward(end.error());
  if (!*end) return std::nullopt;
  (**answer).uncommitted = **end;
  return answer;
}

Result<std::optional<kafka::Watermarks>> Leaders::watermarks(const TopicPartition& tp, std::int64_t position) {
  if (has_none(tp) && is_due(tp.topic)) {
    if (auto looked = look(tp.topic); !looked) return forward(looked.error());
  }
  if (has_none(tp)) return std::nullopt;
  auto answer = watermarks_around(context_.consumer, tp, position);
  if (answer && !*answer) {
    if (auto looked = look(tp.topic); !looked) return forward(looked.error());
  }
  return answer;
}

bool Leaders::has_none(const TopicPartition& tp) const {
  const auto seen = seen_.find(tp.topic);
  if (seen == seen_.end()) return false;
  const auto& partitions = seen->second.leaderless;
  return std::find(partitions.begin(), partitions.end(), tp.partition) != partitions.end();
}

std::string Leaders::why_not(const TopicPartition& tp) const {
  return has_none(tp) ? fmt::format(
                            "{} has no leader: no broker that holds a replica of it is up; it begins by itself once it "
                            "has one (kafka-topics --describe --topic {} --unavailable-partitions)",
                            to_string(tp), tp.topic)
                      : fmt::format(
                            "{}: the broker that leads it does not answer; it is asked again, and the partition begins "
                            "by itself",
                            to_string(tp));
}

Result<void> Leaders::look(const std::string& topic) {
  auto found = context_.consumer.leaderless(topic);
  if (!found) return forward(found.error());
  Seen& seen = seen_[topic];
  seen.at_ms = context_.clock.steady_ms();
  seen.leaderless.clear();
  if (*found) seen.leaderless = std::move(**found);
  return {};
}

bool Leaders::is_due(const std::string& topic) const {
  const auto seen = seen_.find(topic);
  return seen == seen_.end() || context_.clock.steady_ms() - seen->second.at_ms >= look_again_ms;
}

}  // namespace firstseen::dedup
