#include "kafka/fetch_waker.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <vector>

#include "kafka/handles.h"
#include "kafka/partition_list.h"
#include "kafka/property_table.h"

namespace firstseen::kafka {

SleepingFetcher::SleepingFetcher(std::uint64_t max_messages, std::uint64_t max_bytes)
    : max_messages_(max_messages), max_bytes_(max_bytes) {}

bool SleepingFetcher::to_be_woken(std::size_t taken, std::uint64_t bytes, std::size_t queued) {
  if (max_messages_ == 0) return false;
  if (taken > 0) message_bytes_ = 1 + bytes / taken;
  const std::uint64_t full = std::min(max_messages_, max_bytes_ / message_bytes_);
  // The queue is looked at only now and then: what was taken stood in it before, and it may have been fuller meanwhile.
  if (taken + queued >= full / 4 * 3) was_full_ = true;
  if (!was_full_ || queued > full / 2) return false;
  was_full_ = false;
  return true;
}

namespace {
std::uint64_t number(const rd_kafka_conf_t& conf, const char* name) {
  std::array<char, 32> text{};
  std::size_t size = text.size();
  if (rd_kafka_conf_get(&conf, name, text.data(), &size) != RD_KAFKA_CONF_OK) return 0;
  return std::strtoull(text.data(), nullptr, 10);
}
}  // namespace

SleepingFetcher sleeping_fetcher(const rd_kafka_conf_t& conf) {
  if (property_table().contains("fetch.queue.backoff.ms")) return {};
  return {number(conf, "queued.min.messages"), number(conf, "queued.max.messages.kbytes") * 1024};
}

void wake_fetchers(rd_kafka_t* client, std::span<const TopicPartition> partitions) {
  std::vector<Position> questions;
  questions.reserve(partitions.size());
  for (const TopicPartition& tp : partitions) questions.push_back({tp, RD_KAFKA_OFFSET_END});
  const PartitionListHandle list = make_list(questions);
  rd_kafka_offsets_for_times(client, list.get(), 0);
}

}  // namespace firstseen::kafka
