// Fills an empty topic with JSON messages that are the same at every call with the same arguments.
//
//   fill_topic BROKERS TOPIC --messages N --partitions N --value-bytes N --duplicates PERCENT --reach N --keyed
//              --seed N --first-timestamp-ms T --rate N
//
// Value: {"id":"24 hexadecimal digits","amount":N,"currency":"EUR","note":"words"}, of which lz4 leaves about half, as
// of most JSON. A duplicate is a copy of one of the `reach` originals before it, in the same partition, as a retry is.
// Partitions are filled in turn, or, with --keyed, by Kafka's murmur2 of the record key, which then is the id.
// Timestamps rise by 1 ms every 1000 messages; with --rate, which sends so many a second, as the clock does. Prints
// what was sent as JSON: {"messages": N, "originals": N, "seconds": S}.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <thread>

#include "guarded_main.h"
#include "rdkafka.h"

namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr int flush_timeout_ms = 120'000;
constexpr std::uint64_t rate_of_timestamps = 1'000'000;  // messages a second, unless --rate says it
constexpr std::string_view tail = "\"}";

/// Words of one length: sixteen come from one random number.
constexpr std::array<std::string_view, 16> words = {
    "account ", "address ", "balance ", "booking ", "channel ", "country ", "expires ", "invoice ",
    "loyalty ", "manager ", "payment ", "product ", "receipt ", "shipped ", "support ", "voucher "};

struct Arguments {
  std::string brokers, topic;
  std::uint64_t messages = 0;
  int partitions = 1;
  std::size_t value_bytes = 200;
  std::uint64_t duplicates = 10;  // per cent
  std::uint64_t reach = 100'000;
  std::uint64_t seed = 20;
  std::int64_t first_timestamp_ms = 0;
  std::uint64_t rate = 0;  // messages a second; 0: as fast as they go
  bool keyed = false;
};

std::uint64_t mix(std::uint64_t x) {  // splitmix64
  x += 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27U)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31U);
}

/// Which original each message is, in the order of sending.
class Numbers {
 public:
  explicit Numbers(const Arguments& arguments) : arguments_(arguments) {}

  std::uint64_t next() {
    const std::uint64_t random = mix(arguments_.seed * arguments_.messages + place_++);
    if (originals_ == 0 || random % 100 >= arguments_.duplicates) return originals_++;
    return originals_ - 1 - mix(random) % std::min(originals_, arguments_.reach);
  }

  [[nodiscard]] std::uint64_t originals() const { return originals_; }

 private:
  const Arguments& arguments_;
  std::uint64_t place_ = 0;
  std::uint64_t originals_ = 0;
};

/// Holds the sender back to a rate.
class Pace {
 public:
  explicit Pace(std::uint64_t rate) : rate_(rate) {}

  /// Waits until this message is due: a portion of them is every millisecond.
  void wait_for(std::uint64_t place) {
    while (rate_ > 0 && place >= due_) {
      std::this_thread::sleep_until(start_ + std::chrono::milliseconds(++tick_));
      due_ = tick_ * rate_ / 1000;
    }
  }

  [[nodiscard]] double seconds() const { return std::chrono::duration<double>(SteadyClock::now() - start_).count(); }

 private:
  std::uint64_t rate_;
  std::uint64_t tick_ = 0;
  std::uint64_t due_ = 0;  // messages before this place
  SteadyClock::time_point start_ = SteadyClock::now();
};

class Filler {
 public:
  explicit Filler(const Arguments& arguments)
      : arguments_(arguments),
        producer_(bench::make_client(RD_KAFKA_PRODUCER,
                                     {{"bootstrap.servers", arguments.brokers},
                                      {"enable.idempotence", "true"},
                                      {"compression.codec", "lz4"},
                                      {"linger.ms", "50"},
                                      {"batch.size", "1000000"},
                                      {"queue.buffering.max.kbytes", "262144"},
                                      {"queue.buffering.max.messages", "500000"}},
                                     on_delivery, this)),
        topic_(rd_kafka_topic_new(producer_.get(), arguments.topic.c_str(), nullptr)),
        value_(arguments.value_bytes, ' ') {
    std::copy(tail.begin(), tail.end(), value_.end() - tail.size());
  }

  void send(std::uint64_t number, std::int64_t timestamp_ms) {
    const std::string_view id = write_value(number);
    const std::string_view key = arguments_.keyed ? id : std::string_view{};
    const std::int32_t partition = partition_of(number, key);
    for (;;) {
      const auto code = rd_kafka_producev(
          producer_.get(), RD_KAFKA_V_RKT(topic_.get()), RD_KAFKA_V_PARTITION(partition),
          RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(key.data(), key.size()),
          RD_KAFKA_V_VALUE(value_.data(), value_.size()), RD_KAFKA_V_TIMESTAMP(timestamp_ms), RD_KAFKA_V_END);
      if (code == RD_KAFKA_RESP_ERR_NO_ERROR) break;
      if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) bench::check(code, "produce");
      rd_kafka_poll(producer_.get(), 10);
    }
    if (number % 1024 == 0) rd_kafka_poll(producer_.get(), 0);
  }

  void finish() {
    bench::check(rd_kafka_flush(producer_.get(), flush_timeout_ms), "flush");
    if (acknowledged_ != arguments_.messages) {
      throw std::runtime_error(std::to_string(acknowledged_) + " messages were acknowledged, not all");
    }
  }

 private:
  static void on_delivery(rd_kafka_t* /*producer*/, const rd_kafka_message_t* message, void* opaque) {
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) ++static_cast<Filler*>(opaque)->acknowledged_;
  }

  /// Words chosen by the message's number, from `start` to the tail.
  void write_note(std::uint64_t number, std::size_t start) {
    const std::size_t end = value_.size() - tail.size();
    const std::uint64_t seed = mix(~number);
    std::uint64_t random = 0;
    for (std::size_t at = start, count = 0; at < end; at += words[0].size(), ++count) {
      random = count % words.size() == 0 ? mix(seed + count) : random >> 4U;
      words[random % words.size()].copy(value_.data() + at, std::min(words[0].size(), end - at));
    }
  }

  /// Returns the id within the value.
  std::string_view write_value(std::uint64_t number) {
    std::array<char, 96> head{};
    const int length = std::snprintf(
        head.data(), head.size(), R"({"id":"%016llx%08llx","amount":%llu,"currency":"EUR","note":")",
        static_cast<unsigned long long>(mix(number)),          // NOLINT(google-runtime-int): printf
        static_cast<unsigned long long>(number),               // NOLINT(google-runtime-int): printf
        static_cast<unsigned long long>(100 + number % 900));  // NOLINT(google-runtime-int): of one length
    std::copy_n(head.data(), length, value_.data());
    write_note(number, static_cast<std::size_t>(length));
    constexpr std::size_t id_start = 7;
    constexpr std::size_t id_length = 24;
    return std::string_view(value_).substr(id_start, id_length);
  }

  [[nodiscard]] std::int32_t partition_of(std::uint64_t number, std::string_view key) const {
    if (!arguments_.keyed) return static_cast<std::int32_t>(number % static_cast<std::uint64_t>(arguments_.partitions));
    return rd_kafka_msg_partitioner_murmur2(topic_.get(), key.data(), key.size(), arguments_.partitions, nullptr,
                                            nullptr);
  }

  const Arguments& arguments_;
  bench::Handle producer_;
  bench::Topic topic_;
  std::string value_;
  std::uint64_t acknowledged_ = 0;
};

void fill(const Arguments& arguments) {
  Filler filler(arguments);
  Numbers numbers(arguments);
  const std::uint64_t per_second = arguments.rate > 0 ? arguments.rate : rate_of_timestamps;
  Pace pace(arguments.rate);
  for (std::uint64_t place = 0; place < arguments.messages; ++place) {
    pace.wait_for(place);
    filler.send(numbers.next(), arguments.first_timestamp_ms + static_cast<std::int64_t>(place * 1000 / per_second));
  }
  filler.finish();
  std::printf("{\"messages\": %s, \"originals\": %s, \"seconds\": %.3f}\n", std::to_string(arguments.messages).c_str(),
              std::to_string(numbers.originals()).c_str(), pace.seconds());
}

int run(int argc, char** argv) {
  Arguments arguments;
  CLI::App app{"Fills an empty topic with messages made by seed"};
  app.add_option("BROKERS", arguments.brokers)->required();
  app.add_option("TOPIC", arguments.topic)->required();
  app.add_option("--messages", arguments.messages)->required();
  app.add_option("--partitions", arguments.partitions, "of the topic")->required()->check(CLI::Range(1, 100'000));
  app.add_option("--value-bytes", arguments.value_bytes)->check(CLI::Range(90, 100'000'000));
  app.add_option("--duplicates", arguments.duplicates, "per cent")->check(CLI::Range(0, 99));
  app.add_option("--reach", arguments.reach, "originals among which a duplicate finds its own")
      ->check(CLI::PositiveNumber);
  app.add_option("--seed", arguments.seed);
  app.add_option("--first-timestamp-ms", arguments.first_timestamp_ms)->required();
  app.add_option("--rate", arguments.rate, "messages a second; 0: as fast as they go")
      ->check(CLI::Range(0, 10'000'000));
  app.add_flag("--keyed", arguments.keyed, "the id is the record key, too, and chooses the partition");
  CLI11_PARSE(app, argc, argv);
  fill(arguments);
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return firstseen::bench::guarded_main("fill_topic", run, argc, argv); }
