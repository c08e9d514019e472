#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/error.h"
#include "dedup/context.h"
#include "dedup/partitions.h"
#include "kafka/client.h"

namespace firstseen::dedup {

/// Partitions that the broker lets nobody read for a while (not authorized, topic unknown). They are shown as stopped
/// and never given up: the client is made to look again, after growing pauses, until something arrives of them.
class Access {
 public:
  Access(const Context& context, Partitions& partitions) : context_(context), partitions_(partitions) {}

  void note_refusal(Partition& partition, const std::string& why);
  /// A partition is assigned again: the client does not repeat what it has said of it.
  void recall(Partition& partition);
  /// Whatever arrives from a refused partition shows that it is read again.
  void note(const kafka::Taken& taken);

  [[nodiscard]] bool retry_is_due() const;
  /// If it is due; only while no batch is unfinished. The partitions in mode `fetched` are those that the client
  /// fetches. Returns whether it did something.
  Result<bool> retry(PartitionMode fetched);

 private:
  void begin_retries();

  const Context& context_;
  Partitions& partitions_;
  std::map<TopicPartition, std::string> refusals_;  ///< until something arrives of the partition
  std::int64_t retry_at_ms_ = -1;                   ///< steady; -1: no partition is refused
  int retries_ = 0;
};

}  // namespace firstseen::dedup
