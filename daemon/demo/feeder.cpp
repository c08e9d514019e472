#include "demo/feeder.h"

#include <fmt/format.h>

#include <utility>

#include "demo/plain_client.h"

namespace firstseen::demo {
namespace {

constexpr std::uint64_t ask_every = 512;  ///< messages between two looks at how far the readers are
constexpr int flush_limit_ms = 30'000;

}  // namespace

Result<Feeder> Feeder::make(const std::string& brokers, std::string topic, std::int32_t partitions) {
  auto producer = make_plain_client(
      RD_KAFKA_PRODUCER,
      {{"bootstrap.servers", brokers}, {"enable.idempotence", "true"}, {"linger.ms", "5"}, {"batch.size", "262144"}});
  if (!producer) return forward(producer.error());
  return Feeder(std::move(*producer), std::move(topic), partitions);
}

Result<void> Feeder::feed(OrderStream& stream, std::uint64_t seed, std::uint64_t messages, const MaySend& may_send,
                          const std::atomic<bool>& stop, std::atomic<std::uint64_t>& sent) {
  for (std::uint64_t count = 0; count < messages && !stop; ++count) {
    while (count % ask_every == 0 && !may_send(count) && !stop) rd_kafka_poll(producer_.get(), 5);
    if (auto done = send(seed, stream.next()); !done) return done;
    sent = count + 1;
  }
  const rd_kafka_resp_err_t flushed = rd_kafka_flush(producer_.get(), flush_limit_ms);
  if (flushed == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return fail(Exit::internal, fmt::format("the demo's producer: {}", rd_kafka_err2str(flushed)));
}

Result<void> Feeder::send(std::uint64_t seed, std::uint64_t number) {
  const std::string key = fmt::format("order-{}", number);
  std::string value = order_value(seed, number);
  const auto partition = static_cast<std::int32_t>(number % static_cast<std::uint64_t>(partitions_));
  while (true) {
    const rd_kafka_resp_err_t error =
        rd_kafka_producev(producer_.get(), RD_KAFKA_VTYPE_TOPIC, topic_.c_str(), RD_KAFKA_VTYPE_PARTITION, partition,
                          RD_KAFKA_VTYPE_KEY, key.data(), key.size(), RD_KAFKA_VTYPE_VALUE, value.data(), value.size(),
                          RD_KAFKA_VTYPE_MSGFLAGS, RD_KAFKA_MSG_F_COPY, RD_KAFKA_VTYPE_END);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) break;
    if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      return fail(Exit::internal, fmt::format("the demo's producer: {}", rd_kafka_err2str(error)));
    }
    rd_kafka_poll(producer_.get(), 5);
  }
  rd_kafka_poll(producer_.get(), 0);
  return {};
}

}  // namespace firstseen::demo
