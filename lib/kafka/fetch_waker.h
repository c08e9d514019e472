#pragma once

#include <librdkafka/rdkafka.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/message.h"

namespace firstseen::kafka {

/// Notices when a fetcher sleeps that has work to do. One that finds its queue full sleeps for up to a second, however
/// fast the queue is drained; since librdkafka 2.2 the property fetch.queue.backoff.ms shortens that.
class SleepingFetcher {
 public:
  SleepingFetcher() = default;  ///< never sleeps
  SleepingFetcher(std::uint64_t max_messages, std::uint64_t max_bytes);

  /// Told after each time that `taken` messages, with `bytes` of values, were taken from the queue and `queued` left.
  /// True, once, when the queue has been about full and is half empty now.
  bool to_be_woken(std::size_t taken, std::uint64_t bytes, std::size_t queued);

 private:
  std::uint64_t max_messages_ = 0;
  std::uint64_t max_bytes_ = 0;
  std::uint64_t message_bytes_ = 1;  ///< mean size of the last messages
  bool was_full_ = false;
};

/// For a consumer with this configuration: its bounds, or a fetcher that never sleeps.
SleepingFetcher sleeping_fetcher(const rd_kafka_conf_t& conf);

/// Wakes the fetchers of these partitions' leaders; doesn't wait. A request is all that wakes them: this one asks for
/// the end of the log, and nobody waits for the answer.
void wake_fetchers(rd_kafka_t* client, std::span<const TopicPartition> partitions);

}  // namespace firstseen::kafka
