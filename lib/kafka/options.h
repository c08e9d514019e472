#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"

namespace firstseen::kafka {

enum class Guarantee { exactly_once, at_least_once };

/// How long a transaction may stay open (transaction.timeout.ms): longer than an outage of the broker that is to be
/// waited out.
constexpr Millis default_transaction_timeout{60'000};

/// What a slot's client needs to know; made by the daemon from the configuration.
struct ClientOptions {
  std::vector<std::string> brokers;               ///< host:port
  std::map<std::string, std::string> properties;  ///< librdkafka's own, already checked by check_properties()
  std::string group;                              ///< group.id
  std::string instance_id;                        ///< group.instance.id; empty: dynamic membership
  std::string transactional_id;                   ///< unused with at_least_once
  Guarantee guarantee = Guarantee::exactly_once;
  std::string compression = "lz4";            ///< none | gzip | snappy | lz4 | zstd
  std::uint64_t prefetch_bytes = 64U << 20U;  ///< bound of the consumer's queue, bytes
  Millis commit_interval{100};                ///< bounds linger
  /// By property what ${...} put into its value: librdkafka's texts must not show it.
  std::map<std::string, std::vector<std::string>> put_in;
  /// Smallest and largest max.message.bytes of the output topics, from the preflight; 0: unknown.
  std::uint64_t max_message_bytes = 0;
  std::uint64_t largest_message_bytes = 0;
  Millis statistics_interval{0};  ///< how often librdkafka tells its figures, unless `properties` say so; 0: never
  bool hidden_topics = false;     ///< topics named "__..." are to be read: by their names, without any pattern
  bool headers_wanted = false;    ///< the key reads headers: fill MessageView::headers in take()
};

}  // namespace firstseen::kafka
