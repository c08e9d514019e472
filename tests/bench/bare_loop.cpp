// The yardstick of ./dev bench e2e: consume -> transactional produce of every message, byte for byte, by one thread,
// without any deduplication. Same client settings as the daemon's; a transaction ends after 500 ms or 100,000 messages.
//
//   bare_loop BROKERS INPUT OUTPUT GROUP PARTITIONS
//
// Runs until SIGTERM. It shares no code with the daemon.

#include <librdkafka/rdkafka.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t max_batch = 100'000;
constexpr std::chrono::milliseconds commit_interval{500};
constexpr int transaction_call_timeout_ms = 60'000;

volatile std::sig_atomic_t stop_requested = 0;

template <auto Destroy>
struct Deleter {
  template <class T>
  void operator()(T* handle) const {
    Destroy(handle);
  }
};
using Handle = std::unique_ptr<rd_kafka_t, Deleter<rd_kafka_destroy>>;
using Queue = std::unique_ptr<rd_kafka_queue_t, Deleter<rd_kafka_queue_destroy>>;
using Topic = std::unique_ptr<rd_kafka_topic_t, Deleter<rd_kafka_topic_destroy>>;
using Partitions = std::unique_ptr<rd_kafka_topic_partition_list_t, Deleter<rd_kafka_topic_partition_list_destroy>>;
using Membership =
    std::unique_ptr<rd_kafka_consumer_group_metadata_t, Deleter<rd_kafka_consumer_group_metadata_destroy>>;
using Properties = std::map<std::string, std::string>;

void check(rd_kafka_resp_err_t code, const char* what) {
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error(std::string(what) + ": " + rd_kafka_err2str(code));
}

void check(rd_kafka_error_t* error, const char* what) {
  if (error == nullptr) return;
  const std::string text = rd_kafka_error_string(error);
  rd_kafka_error_destroy(error);
  throw std::runtime_error(std::string(what) + ": " + text);
}

void on_delivery(rd_kafka_t* /*producer*/, const rd_kafka_message_t* message, void* /*opaque*/) {
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    std::fprintf(stderr, "bare_loop: delivery: %s\n", rd_kafka_err2str(message->err));
  }
}

Handle make_client(rd_kafka_type_t type, const Properties& properties) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  std::array<char, 512> why{};
  for (const auto& [name, value] : properties) {
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why.data(), why.size()) != RD_KAFKA_CONF_OK) {
      rd_kafka_conf_destroy(conf);
      throw std::runtime_error(why.data());
    }
  }
  if (type == RD_KAFKA_CONSUMER) {  // unknown to older versions
    rd_kafka_conf_set(conf, "fetch.queue.backoff.ms", "20", why.data(), why.size());
  }
  if (type == RD_KAFKA_PRODUCER) rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
  Handle handle(rd_kafka_new(type, conf, why.data(), why.size()));  // takes conf unless it fails
  if (!handle) {
    rd_kafka_conf_destroy(conf);
    throw std::runtime_error(why.data());
  }
  return handle;
}

Properties consumer_properties(const std::string& brokers, const std::string& group) {
  return {{"bootstrap.servers", brokers},          {"group.id", group},
          {"enable.auto.commit", "false"},         {"auto.offset.reset", "earliest"},
          {"isolation.level", "read_committed"},   {"queued.min.messages", "200000"},
          {"queued.max.messages.kbytes", "65536"}, {"fetch.message.max.bytes", "4194304"},
          {"socket.nagle.disable", "true"}};
}

Properties producer_properties(const std::string& brokers, const std::string& transactional_id) {
  return {{"bootstrap.servers", brokers},
          {"transactional.id", transactional_id},
          {"compression.codec", "lz4"},
          {"linger.ms", "20"},
          {"batch.size", "1000000"},
          {"batch.num.messages", "10000"},
          {"queue.buffering.max.messages", "1000000"},
          {"queue.buffering.max.kbytes", "1048576"},
          {"socket.nagle.disable", "true"}};
}

class BareLoop {
 public:
  BareLoop(const std::string& brokers, const std::string& input, const std::string& output, const std::string& group,
           int partitions)
      : consumer_(make_client(RD_KAFKA_CONSUMER, consumer_properties(brokers, group))),
        producer_(make_client(RD_KAFKA_PRODUCER, producer_properties(brokers, group + "-bare"))),
        output_(rd_kafka_topic_new(producer_.get(), output.c_str(), nullptr)),
        input_(input),
        next_(static_cast<std::size_t>(partitions), RD_KAFKA_OFFSET_INVALID),
        batch_(max_batch) {
    check(rd_kafka_init_transactions(producer_.get(), transaction_call_timeout_ms), "init_transactions");
    check(rd_kafka_poll_set_consumer(consumer_.get()), "poll_set_consumer");
    queue_.reset(rd_kafka_queue_get_consumer(consumer_.get()));
    Partitions topics(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(topics.get(), input_.c_str(), RD_KAFKA_PARTITION_UA);
    check(rd_kafka_subscribe(consumer_.get(), topics.get()), "subscribe");
  }

  ~BareLoop() { rd_kafka_consumer_close(consumer_.get()); }
  BareLoop(const BareLoop&) = delete;
  BareLoop& operator=(const BareLoop&) = delete;
  BareLoop(BareLoop&&) = delete;
  BareLoop& operator=(BareLoop&&) = delete;

  void run_one_transaction() {
    check(rd_kafka_begin_transaction(producer_.get()), "begin_transaction");
    std::size_t taken = 0;
    const auto deadline = SteadyClock::now() + commit_interval;
    while (taken < max_batch && SteadyClock::now() < deadline && stop_requested == 0) {
      taken += copy_some(max_batch - taken);
    }
    if (taken > 0) send_offsets();
    check(rd_kafka_commit_transaction(producer_.get(), transaction_call_timeout_ms), "commit_transaction");
  }

 private:
  std::size_t copy_some(std::size_t limit) {
    std::size_t copied = 0;
    if (rd_kafka_message_t* first = rd_kafka_consumer_poll(consumer_.get(), 100); first != nullptr) {
      copied += copy(first);
      const auto count = rd_kafka_consume_batch_queue(queue_.get(), 1, batch_.data(), limit - 1);
      for (ssize_t i = 0; i < count; ++i) copied += copy(batch_[static_cast<std::size_t>(i)]);
    }
    rd_kafka_poll(producer_.get(), 0);
    return copied;
  }

  std::size_t copy(rd_kafka_message_t* raw) {
    const std::unique_ptr<rd_kafka_message_t, Deleter<rd_kafka_message_destroy>> message(raw);
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) return 0;
    check(message->err, "consume");
    rd_kafka_headers_t* headers = nullptr;
    if (rd_kafka_message_headers(message.get(), &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
      headers = rd_kafka_headers_copy(headers);
    }
    publish(*message, headers);
    next_.at(static_cast<std::size_t>(message->partition)) = message->offset + 1;
    return 1;
  }

  // Takes `headers`, which may be null.
  void publish(const rd_kafka_message_t& message, rd_kafka_headers_t* headers) {
    const std::int64_t timestamp_ms = rd_kafka_message_timestamp(&message, nullptr);
    for (;;) {
      const auto code =
          rd_kafka_producev(producer_.get(), RD_KAFKA_V_RKT(output_.get()), RD_KAFKA_V_PARTITION(message.partition),
                            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(message.key, message.key_len),
                            RD_KAFKA_V_VALUE(message.payload, message.len), RD_KAFKA_V_TIMESTAMP(timestamp_ms),
                            RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
      if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return;
      if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) check(code, "produce");
      rd_kafka_poll(producer_.get(), 10);
    }
  }

  void send_offsets() {
    Partitions offsets(rd_kafka_topic_partition_list_new(static_cast<int>(next_.size())));
    for (std::size_t partition = 0; partition < next_.size(); ++partition) {
      if (next_[partition] < 0) continue;
      rd_kafka_topic_partition_list_add(offsets.get(), input_.c_str(), static_cast<std::int32_t>(partition))->offset =
          next_[partition];
    }
    const Membership membership(rd_kafka_consumer_group_metadata(consumer_.get()));
    check(rd_kafka_send_offsets_to_transaction(producer_.get(), offsets.get(), membership.get(),
                                               transaction_call_timeout_ms),
          "send_offsets_to_transaction");
  }

  Handle consumer_;
  Handle producer_;
  Topic output_;
  Queue queue_;
  std::string input_;
  std::vector<std::int64_t> next_;
  std::vector<rd_kafka_message_t*> batch_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fprintf(stderr, "usage: bare_loop BROKERS INPUT OUTPUT GROUP PARTITIONS\n");
    return 64;
  }
  std::signal(SIGTERM, [](int) { stop_requested = 1; });
  try {
    BareLoop loop(argv[1], argv[2], argv[3], argv[4], std::atoi(argv[5]));
    while (stop_requested == 0) loop.run_one_transaction();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bare_loop: %s\n", error.what());
    return 70;
  }
  return 0;
}
