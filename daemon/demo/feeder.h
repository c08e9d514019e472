#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "base/error.h"
#include "demo/orders.h"
#include "kafka/handles.h"

namespace firstseen::demo {

/// Produces the stream of orders into a topic, each order to one partition, no faster than it is read.
class Feeder {
 public:
  /// `may_send` tells whether the next messages may be sent, given how many were sent so far; while it says no, the
  /// feeder waits and asks again.
  static Result<Feeder> make(const std::string& brokers, std::string topic, std::int32_t partitions);

  using MaySend = std::function<bool(std::uint64_t sent)>;
  /// Sends `messages` and waits until the broker has them, or until `stop`. `sent` counts along for others to see.
  Result<void> feed(OrderStream& stream, std::uint64_t seed, std::uint64_t messages, const MaySend& may_send,
                    const std::atomic<bool>& stop, std::atomic<std::uint64_t>& sent);

 private:
  Feeder(kafka::ClientHandle producer, std::string topic, std::int32_t partitions)
      : producer_(std::move(producer)), topic_(std::move(topic)), partitions_(partitions) {}
  Result<void> send(std::uint64_t seed, std::uint64_t number);

  kafka::ClientHandle producer_;
  std::string topic_;
  std::int32_t partitions_;
};

}  // namespace firstseen::demo
