#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "base/advice.h"
#include "base/clock.h"
#include "kafka/options.h"

namespace firstseen::dedup {

enum class StartAt { earliest, latest };
enum class OnGap { stop, skip };
enum class OnMissingHistory { rebuild, warn, stop };
enum class DuplicateRoute { drop, topic };
enum class RejectRoute { stop, topic, drop, pass };
enum class Partitioner { same, key };
enum class WindowClock { stream_time, wall_clock_time };

/// What a slot does; made by the daemon from the configuration (design section 8 names and defaults).
struct SlotOptions {
  std::vector<std::string> topics;  ///< names or ^regex
  StartAt start = StartAt::earliest;
  OnGap on_gap = OnGap::stop;
  OnMissingHistory on_missing_history = OnMissingHistory::rebuild;

  std::string output_topic;  ///< may contain {topic}
  Partitioner partitioner = Partitioner::same;

  DuplicateRoute duplicates = DuplicateRoute::drop;
  std::string duplicates_topic;
  RejectRoute rejects = RejectRoute::stop;
  std::string rejects_topic;

  Millis ttl{24LL * 3600 * 1000};
  std::vector<Millis> rule_ttls = {};  ///< by key::Derived::rule, each a window of the store; empty: the one, `ttl`
  WindowClock clock = WindowClock::stream_time;
  Millis max_skew{5LL * 60 * 1000};
  bool refresh_on_duplicate = false;

  kafka::Guarantee guarantee = kafka::Guarantee::exactly_once;
  Millis commit_interval{100};
  /// transaction.timeout.ms of the producer: being fenced sooner after the last time is another instance's doing.
  Millis transaction_timeout = kafka::default_transaction_timeout;
  std::size_t max_batch = 100'000;               ///< messages
  std::uint64_t max_batch_bytes = 32ULL << 20U;  ///< keys and values

  Advice advice = {};  ///< of this process, for messages that tell a person which command to run

  [[nodiscard]] Millis ttl_of(std::uint8_t rule) const { return rule_ttls.empty() ? ttl : rule_ttls[rule]; }
  [[nodiscard]] Millis longest_ttl() const {
    return rule_ttls.empty() ? ttl : *std::max_element(rule_ttls.begin(), rule_ttls.end());
  }
};

}  // namespace firstseen::dedup
