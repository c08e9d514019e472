#include "demo/auditor.h"

#include <fmt/format.h>

#include <chrono>
#include <span>
#include <string_view>
#include <utility>

#include "demo/orders.h"
#include "demo/plain_client.h"

namespace firstseen::demo {
namespace {

constexpr std::size_t batch_size = 10'000;
constexpr std::chrono::seconds finish_limit{30};

std::string_view value_of(const rd_kafka_message_t& message) {
  return {static_cast<const char*>(message.payload), message.len};
}

std::string_view key_of(const rd_kafka_message_t& message) {
  return {static_cast<const char*>(message.key), message.key_len};
}

}  // namespace

Result<Auditor> Auditor::make(const std::string& brokers, const std::string& topic, std::int32_t partitions,
                              std::uint64_t seed) {
  auto consumer = make_plain_client(RD_KAFKA_CONSUMER, {{"bootstrap.servers", brokers},
                                                        {"group.id", "firstseen-demo-auditor"},
                                                        {"enable.auto.commit", "false"},
                                                        {"auto.offset.reset", "earliest"},
                                                        {"isolation.level", "read_committed"},
                                                        {"fetch.wait.max.ms", "50"}});
  if (!consumer) return forward(consumer.error());
  rd_kafka_poll_set_consumer(consumer->get());
  const kafka::PartitionListHandle list(rd_kafka_topic_partition_list_new(partitions));
  for (std::int32_t partition = 0; partition < partitions; ++partition) {
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition)->offset = 0;
  }
  const rd_kafka_resp_err_t assigned = rd_kafka_assign(consumer->get(), list.get());
  if (assigned != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return fail(Exit::internal, fmt::format("the demo's reader: {}", rd_kafka_err2str(assigned)));
  }
  kafka::QueueHandle queue(rd_kafka_queue_get_consumer(consumer->get()));
  return Auditor(std::move(*consumer), std::move(queue), topic, partitions, seed);
}

Auditor::Auditor(kafka::ClientHandle consumer, kafka::QueueHandle queue, std::string topic, std::int32_t partitions,
                 std::uint64_t seed)
    : consumer_(std::move(consumer)),
      queue_(std::move(queue)),
      topic_(std::move(topic)),
      seed_(seed),
      next_offsets_(static_cast<std::size_t>(partitions), 0),
      batch_(batch_size) {}

void Auditor::read_some() {
  const auto got = rd_kafka_consume_batch_queue(queue_.get(), 100, batch_.data(), batch_.size());
  for (std::size_t index = 0; index < static_cast<std::size_t>(std::max<ssize_t>(got, 0)); ++index) {
    const kafka::MessageHandle message(batch_[index]);
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) look_at(*message);
  }
}

void Auditor::look_at(const rd_kafka_message_t& message) {
  ++audit_.read;
  next_offsets_[static_cast<std::size_t>(message.partition)] = message.offset + 1;
  const auto number = order_number(value_of(message));
  if (!number || value_of(message) != order_value(seed_, *number) ||
      key_of(message) != fmt::format("order-{}", *number)) {
    ++audit_.changed;
    return;
  }
  if (copies_.size() <= *number) copies_.resize(*number + 1);
  ++copies_[*number];
}

Result<std::vector<std::int64_t>> Auditor::ends() const {
  std::vector<std::int64_t> ends;
  for (std::int32_t partition = 0; partition < static_cast<std::int32_t>(next_offsets_.size()); ++partition) {
    std::int64_t low = 0;
    std::int64_t high = 0;
    const rd_kafka_resp_err_t error =
        rd_kafka_query_watermark_offsets(consumer_.get(), topic_.c_str(), partition, &low, &high, 10'000);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return fail(Exit::internal, fmt::format("the demo's reader: {}", rd_kafka_err2str(error)));
    }
    ends.push_back(high);
  }
  return ends;
}

Result<Audit> Auditor::finish(std::uint64_t orders_sent) {
  const auto target = ends();
  if (!target) return forward(target.error());
  const auto deadline = std::chrono::steady_clock::now() + finish_limit;
  const auto behind = [&] {
    for (std::size_t partition = 0; partition < target->size(); ++partition) {
      if (next_offsets_[partition] < (*target)[partition]) return true;
    }
    return false;
  };
  while (behind()) {
    if (std::chrono::steady_clock::now() > deadline) return fail(Exit::internal, "the demo's reader got stuck");
    read_some();
  }
  copies_.resize(std::max<std::size_t>(copies_.size(), orders_sent));
  for (std::size_t number = 0; number < copies_.size(); ++number) {
    if (number >= orders_sent) {
      audit_.changed += copies_[number];  // nobody sent this order
    } else if (copies_[number] == 0) {
      ++audit_.lost;
    } else {
      audit_.doubled += copies_[number] - 1;
    }
  }
  return audit_;
}

}  // namespace firstseen::demo
