// The yardstick of ./dev bench: consume -> transactional produce of every message, byte for byte, without any
// deduplication. A transaction ends after the interval or 100,000 messages.
//
//   bare_loop BROKERS INPUT OUTPUT GROUP PARTITIONS [--threads 1|2] [--commit-interval-ms 500]
//             [--prefetch-messages 200000]
//
// With two threads one takes messages while the other publishes them and commits. Runs until SIGTERM. It shares no
// code with the daemon. The larger the prefetch, the seldomer librdkafka before 2.2 lets its fetcher sleep for a second
// in front of a full queue, and the more memory it takes: the bound in bytes grows with that of messages.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "chunk_queue.h"
#include "guarded_main.h"
#include "rdkafka.h"

namespace {

using bench::Chunk;
using bench::Message;
using SteadyClock = std::chrono::steady_clock;
using Deadline = SteadyClock::time_point;

constexpr std::size_t max_batch = 100'000;
constexpr std::size_t max_chunk = 10'000;
constexpr int transaction_call_timeout_ms = 60'000;

std::atomic<bool> stop_requested = false;
static_assert(std::atomic<bool>::is_always_lock_free, "the signal handler writes it");

struct Arguments {
  std::string brokers, input, output, group;
  std::size_t partitions = 0;
  int threads = 1;
  int commit_interval_ms = 500;
  std::int64_t prefetch_messages = 200'000;
};

/// 256 MiB for 200,000 messages, or as much as librdkafka takes.
constexpr std::int64_t prefetch_kbytes(std::int64_t messages) {
  constexpr std::int64_t most = 2'097'151;
  return std::clamp<std::int64_t>(messages * 262'144 / 200'000, 1, most);
}
static_assert(prefetch_kbytes(1) == 1 && prefetch_kbytes(200'000) == 262'144);
static_assert(prefetch_kbytes(1'000'000) == 1'310'720 && prefetch_kbytes(10'000'000) == 2'097'151);

void on_delivery(rd_kafka_t* /*producer*/, const rd_kafka_message_t* message, void* /*opaque*/) {
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    std::fprintf(stderr, "bare_loop: delivery: %s\n", rd_kafka_err2str(message->err));
  }
}

bench::Properties consumer_properties(const Arguments& arguments) {
  return {{"bootstrap.servers", arguments.brokers},
          {"group.id", arguments.group},
          {"enable.auto.commit", "false"},
          {"auto.offset.reset", "earliest"},
          {"isolation.level", "read_committed"},
          {"queued.min.messages", std::to_string(arguments.prefetch_messages)},
          {"queued.max.messages.kbytes", std::to_string(prefetch_kbytes(arguments.prefetch_messages))},
          {"fetch.message.max.bytes", "4194304"},
          {"socket.nagle.disable", "true"}};
}

bench::Properties producer_properties(const Arguments& arguments) {
  return {{"bootstrap.servers", arguments.brokers},
          {"transactional.id", arguments.group + "-bare"},
          {"compression.codec", "lz4"},
          {"linger.ms", "20"},
          {"batch.size", "1000000"},
          {"batch.num.messages", "10000"},
          {"queue.buffering.max.messages", "1000000"},
          {"queue.buffering.max.kbytes", "1048576"},
          {"socket.nagle.disable", "true"}};
}

class Taker {
 public:
  explicit Taker(const Arguments& arguments)
      : consumer_(bench::make_client(RD_KAFKA_CONSUMER, consumer_properties(arguments))), raw_(max_chunk) {
    bench::check(rd_kafka_poll_set_consumer(consumer_.get()), "poll_set_consumer");
    queue_.reset(rd_kafka_queue_get_consumer(consumer_.get()));
    const bench::Partitions topics(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(topics.get(), arguments.input.c_str(), RD_KAFKA_PARTITION_UA);
    bench::check(rd_kafka_subscribe(consumer_.get(), topics.get()), "subscribe");
  }

  ~Taker() { rd_kafka_consumer_close(consumer_.get()); }
  Taker(const Taker&) = delete;
  Taker& operator=(const Taker&) = delete;
  Taker(Taker&&) = delete;
  Taker& operator=(Taker&&) = delete;

  /// At most min(limit, max_chunk) messages; waits at most until the deadline for the first one.
  Chunk take(std::size_t limit, Deadline deadline) {
    Chunk chunk;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now()).count();
    add(chunk, rd_kafka_consumer_poll(consumer_.get(), static_cast<int>(std::clamp<std::int64_t>(left, 0, 100))));
    if (chunk.empty()) return chunk;
    const auto count = rd_kafka_consume_batch_queue(queue_.get(), 1, raw_.data(), std::min(limit, max_chunk) - 1);
    for (ssize_t i = 0; i < count; ++i) add(chunk, raw_[static_cast<std::size_t>(i)]);
    return chunk;
  }

  /// Thread-safe.
  [[nodiscard]] bench::Membership membership() const {
    return bench::Membership(rd_kafka_consumer_group_metadata(consumer_.get()));
  }

 private:
  static void add(Chunk& chunk, rd_kafka_message_t* raw) {
    if (raw == nullptr) return;
    Message message(raw);
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) return;
    bench::check(message->err, "consume");
    chunk.push_back(std::move(message));
  }

  bench::Handle consumer_;
  bench::Queue queue_;
  std::vector<rd_kafka_message_t*> raw_;
};

class Publisher {
 public:
  using Source = std::function<Chunk(std::size_t limit, Deadline)>;

  Publisher(const Arguments& arguments, const Taker& taker)
      : producer_(bench::make_client(RD_KAFKA_PRODUCER, producer_properties(arguments), on_delivery)),
        output_(rd_kafka_topic_new(producer_.get(), arguments.output.c_str(), nullptr)),
        taker_(taker),
        input_(arguments.input),
        commit_interval_(arguments.commit_interval_ms),
        next_(arguments.partitions, RD_KAFKA_OFFSET_INVALID) {
    bench::check(rd_kafka_init_transactions(producer_.get(), transaction_call_timeout_ms), "init_transactions");
  }

  void run_one_transaction(const Source& source) {
    bench::check(rd_kafka_begin_transaction(producer_.get()), "begin_transaction");
    std::size_t taken = 0;
    const auto deadline = SteadyClock::now() + commit_interval_;
    while (taken < max_batch && SteadyClock::now() < deadline && !stop_requested) {
      for (Message& message : source(max_batch - taken, deadline)) {
        publish(*message);
        next_.at(static_cast<std::size_t>(message->partition)) = message->offset + 1;
        message.reset();
        ++taken;
      }
      rd_kafka_poll(producer_.get(), 0);
    }
    if (taken > 0) send_offsets();
    bench::check(rd_kafka_commit_transaction(producer_.get(), transaction_call_timeout_ms), "commit_transaction");
  }

 private:
  void publish(const rd_kafka_message_t& message) {
    rd_kafka_headers_t* headers = nullptr;
    if (rd_kafka_message_headers(&message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
      headers = rd_kafka_headers_copy(headers);  // producev takes it when it succeeds
    }
    const std::int64_t timestamp_ms = rd_kafka_message_timestamp(&message, nullptr);
    for (;;) {
      const auto code =
          rd_kafka_producev(producer_.get(), RD_KAFKA_V_RKT(output_.get()), RD_KAFKA_V_PARTITION(message.partition),
                            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(message.key, message.key_len),
                            RD_KAFKA_V_VALUE(message.payload, message.len), RD_KAFKA_V_TIMESTAMP(timestamp_ms),
                            RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
      if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return;
      if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) bench::check(code, "produce");
      rd_kafka_poll(producer_.get(), 10);
    }
  }

  void send_offsets() {
    const bench::Partitions offsets(rd_kafka_topic_partition_list_new(static_cast<int>(next_.size())));
    for (std::size_t partition = 0; partition < next_.size(); ++partition) {
      if (next_[partition] < 0) continue;
      rd_kafka_topic_partition_list_add(offsets.get(), input_.c_str(), static_cast<std::int32_t>(partition))->offset =
          next_[partition];
    }
    bench::check(rd_kafka_send_offsets_to_transaction(producer_.get(), offsets.get(), taker_.membership().get(),
                                                      transaction_call_timeout_ms),
                 "send_offsets_to_transaction");
  }

  bench::Handle producer_;
  bench::Topic output_;
  const Taker& taker_;
  std::string input_;
  std::chrono::milliseconds commit_interval_;
  std::vector<std::int64_t> next_;
};

void run_with_one_thread(Taker& taker, Publisher& publisher) {
  while (!stop_requested) {
    publisher.run_one_transaction([&](std::size_t limit, Deadline deadline) { return taker.take(limit, deadline); });
  }
}

void run_with_two_threads(Taker& taker, Publisher& publisher) {
  bench::ChunkQueue queue;
  std::exception_ptr failure;  // of the taking thread; read after join
  std::thread taking([&] {
    try {
      while (queue.push(taker.take(max_chunk, SteadyClock::now() + std::chrono::milliseconds(100)))) continue;
    } catch (...) {
      failure = std::current_exception();
      stop_requested = true;
    }
  });
  const auto finish = [&] {
    queue.close();
    taking.join();
  };
  try {
    while (!stop_requested) {
      publisher.run_one_transaction([&](std::size_t, Deadline deadline) { return queue.pop(deadline); });
    }
  } catch (...) {
    finish();
    throw;
  }
  finish();
  if (failure) std::rethrow_exception(failure);
}

int run(int argc, char** argv) {
  Arguments arguments;
  CLI::App app{"consume -> transactional produce of every message, until SIGTERM"};
  app.add_option("BROKERS", arguments.brokers)->required();
  app.add_option("INPUT", arguments.input)->required();
  app.add_option("OUTPUT", arguments.output)->required();
  app.add_option("GROUP", arguments.group)->required();
  app.add_option("PARTITIONS", arguments.partitions, "of the input topic")->required();
  app.add_option("--threads", arguments.threads)->check(CLI::Range(1, 2));
  app.add_option("--commit-interval-ms", arguments.commit_interval_ms)->check(CLI::Range(1, 60'000));
  app.add_option("--prefetch-messages", arguments.prefetch_messages)->check(CLI::Range(1, 10'000'000));
  CLI11_PARSE(app, argc, argv);
  std::signal(SIGTERM, [](int) { stop_requested = true; });
  Taker taker(arguments);
  Publisher publisher(arguments, taker);
  (arguments.threads == 1 ? run_with_one_thread : run_with_two_threads)(taker, publisher);
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return firstseen::bench::guarded_main("bare_loop", run, argc, argv); }
