#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "kafka/handles.h"

namespace firstseen::demo {

/// What the output topic holds, compared with what was sent.
struct Audit {
  std::uint64_t read = 0;
  std::uint64_t lost = 0;     ///< orders that were sent and are not there
  std::uint64_t doubled = 0;  ///< messages beyond the first of their order
  std::uint64_t changed = 0;  ///< messages that differ from what was sent, or were never sent
};

/// Reads the output topic with a consumer of its own from the first offset on.
class Auditor {
 public:
  static Result<Auditor> make(const std::string& brokers, const std::string& topic, std::int32_t partitions,
                              std::uint64_t seed);

  /// Reads what is there for a tenth of a second; to be called all along, since the mock cluster keeps only the last
  /// 5 MiB of a partition.
  void read_some();
  /// Reads on to the topic's present end and judges. Fails when the end cannot be found or reached within 30 s.
  Result<Audit> finish(std::uint64_t orders_sent);

  [[nodiscard]] std::uint64_t read() const { return audit_.read; }

 private:
  Auditor(kafka::ClientHandle consumer, kafka::QueueHandle queue, std::string topic, std::int32_t partitions,
          std::uint64_t seed);
  void look_at(const rd_kafka_message_t& message);
  [[nodiscard]] Result<std::vector<std::int64_t>> ends() const;

  kafka::ClientHandle consumer_;
  kafka::QueueHandle queue_;
  std::string topic_;
  std::uint64_t seed_;
  std::vector<std::uint32_t> copies_;       ///< per order's number: how often it was read
  std::vector<std::int64_t> next_offsets_;  ///< per partition
  std::vector<rd_kafka_message_t*> batch_;
  Audit audit_;
};

}  // namespace firstseen::demo
