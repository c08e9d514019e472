#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/message.h"
#include "kafka/callbacks.h"
#include "kafka/client.h"

namespace firstseen::kafka {

/// A client's questions to the broker, as Consumer describes them. Each waits a second at most (two for both ends of a
/// log); no answer, or one that only time can change (no leader, no coordinator, topic not known yet), is nothing and a
/// log line.
class Queries {
 public:
  Queries(rd_kafka_t* client, Callbacks& log) : client_(client), log_(log) {}

  Result<std::optional<std::vector<Committed>>> committed(std::span<const TopicPartition> partitions);
  Result<std::optional<Watermarks>> watermarks(const TopicPartition& tp);
  /// As the client's isolation level lets it be seen.
  Result<std::optional<std::int64_t>> end(const TopicPartition& tp);
  [[nodiscard]] std::optional<std::int64_t> known_end(const TopicPartition& tp) const;
  Result<std::optional<std::int64_t>> offset_for_time(const TopicPartition& tp, std::int64_t timestamp_ms);
  Result<std::optional<std::int32_t>> partition_count(const std::string& topic);
  Result<std::optional<std::vector<std::int32_t>>> leaderless(const std::string& topic);
  Result<std::optional<std::string>> cluster_id();

 private:
  /// A topic as the brokers describe it now; null if there is none.
  struct Topic;
  Result<std::optional<Topic>> describe(const std::string& topic);
  Result<std::optional<std::int64_t>> listed_offset(const TopicPartition& tp, std::int64_t time,
                                                    const std::string& what);
  /// An error only where a person must act or the client is dead.
  Result<void> unanswered(rd_kafka_resp_err_t code, const std::string& question);

  rd_kafka_t* client_;
  Callbacks& log_;
};

}  // namespace firstseen::kafka
