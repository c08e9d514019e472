#include "top/rates.h"

namespace firstseen::top {
namespace {

template <class Name>
std::optional<double> found(const std::map<Name, double>& rates, const Name& name) {
  const auto rate = rates.find(name);
  return rate == rates.end() ? std::nullopt : std::optional(rate->second);
}

std::map<TopicPartition, std::int64_t> offsets_of(const Json& status) {
  std::map<TopicPartition, std::int64_t> offsets;
  for (const Json& partition : status.value("partitions", Json::array())) {
    offsets[name_of_partition(partition)] = partition.value("next_offset", std::int64_t{0});
  }
  return offsets;
}

}  // namespace

TopicPartition name_of_partition(const Json& partition) {
  return {partition.value("topic", ""), partition.value("partition", 0)};
}

Rates::Rates(const Sample& before, const Sample& now) {
  const double seconds = static_cast<double>(now.at_ms - before.at_ms) / 1000;
  const Json old_counters = before.status.value("counters", Json::object());
  const Json counters = now.status.value("counters", Json::object());
  const bool began_again =
      counters.value("consumed", std::uint64_t{0}) < old_counters.value("consumed", std::uint64_t{0});
  if (seconds <= 0 || began_again) return;
  for (const auto& [name, value] : counters.items()) {
    if (!value.is_number() || !old_counters.contains(name)) continue;
    counters_[name] = (value.get<double>() - old_counters[name].get<double>()) / seconds;
  }
  const auto old_offsets = offsets_of(before.status);
  for (const auto& [tp, offset] : offsets_of(now.status)) {
    const auto old = old_offsets.find(tp);
    if (old == old_offsets.end() || offset < old->second) continue;  // it came just now, or was rewound
    partitions_[tp] = static_cast<double>(offset - old->second) / seconds;
  }
}

std::optional<double> Rates::counter(const std::string& name) const { return found(counters_, name); }

std::optional<double> Rates::partition(const TopicPartition& tp) const { return found(partitions_, tp); }

}  // namespace firstseen::top
