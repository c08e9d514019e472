// How long a message takes from its append to the input until a read_committed consumer of the output has it.
//
//   latency_probe BROKERS INPUT OUTPUT --partitions N [--rate 20000] [--warm-up-s 5] [--seconds 20]
//                 [--duplicates 10] [--value-bytes 200]
//
// One process with one clock: a producer sends at a steady rate and notes when the broker acknowledged each message, a
// consumer notes when it got the copy. Some messages are duplicates of earlier ones; only originals sent after the
// warm-up are measured, so every contestant is judged by the same messages. Prints JSON.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "guarded_main.h"
#include "rdkafka.h"

namespace {

using SteadyClock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::uint64_t reach = 10'000;  // a duplicate's original is one of so many messages before it
constexpr std::size_t sequence_start = 8;
constexpr std::size_t digits = 16;
constexpr milliseconds patience{60'000};  // after the last message was sent

struct Arguments {
  std::string brokers, input, output;
  int partitions = 1;
  std::uint64_t rate = 20'000;
  std::uint64_t warm_up_s = 5;
  std::uint64_t seconds = 20;
  std::uint64_t duplicates = 10;  // per cent
  std::size_t value_bytes = 200;

  [[nodiscard]] std::uint64_t messages() const { return rate * (warm_up_s + seconds); }
  [[nodiscard]] std::uint64_t first_measured() const { return rate * warm_up_s; }
};

std::uint64_t mix(std::uint64_t x) {  // splitmix64
  x += 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27U)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31U);
}

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(SteadyClock::now().time_since_epoch()).count();
}

/// For each message the number of its original: its own if it is one.
std::vector<std::uint64_t> plan(const Arguments& arguments) {
  std::vector<std::uint64_t> originals(arguments.messages());
  for (std::uint64_t i = 0; i < originals.size(); ++i) {
    const bool copy = i > 0 && mix(i) % 100 < arguments.duplicates;
    originals[i] = copy ? originals[i - 1 - mix(~i) % std::min(i, reach)] : i;
  }
  return originals;
}

/// What each message holds: its number and its original's, then padding.
class Values {
 public:
  Values(const Arguments& arguments, const std::vector<std::uint64_t>& originals)
      : originals_(originals), value_(arguments.value_bytes, 'x') {
    value_.back() = '}';
    value_[value_.size() - 2] = '"';
  }

  /// Valid until the next call.
  std::string& of(std::uint64_t sequence) {
    std::array<char, 64> head{};
    using Wide = unsigned long long;  // NOLINT(google-runtime-int): printf's type
    const int length = std::snprintf(head.data(), head.size(), R"({"seq":"%016llx","id":"%016llx","pad":")",
                                     static_cast<Wide>(sequence), static_cast<Wide>(originals_[sequence]));
    std::copy_n(head.data(), length, value_.data());
    return value_;
  }

 private:
  const std::vector<std::uint64_t>& originals_;
  std::string value_;
};

class Sender {
 public:
  Sender(const Arguments& arguments, const std::vector<std::uint64_t>& originals)
      : arguments_(arguments),
        originals_(originals),
        appended_ns_(originals.size(), 0),
        producer_(bench::make_client(RD_KAFKA_PRODUCER,
                                     {{"bootstrap.servers", arguments.brokers},
                                      {"enable.idempotence", "true"},
                                      {"linger.ms", "1"},
                                      {"socket.nagle.disable", "true"}},
                                     on_delivery, this)),
        topic_(rd_kafka_topic_new(producer_.get(), arguments.input.c_str(), nullptr)),
        values_(arguments, originals) {}

  /// Sends everything at the rate, a portion every millisecond, and waits for the acknowledgements.
  void run() {
    const auto start = SteadyClock::now();
    for (std::uint64_t sent = 0, tick = 1; sent < originals_.size(); ++tick) {
      const auto due = start + milliseconds(tick);
      std::this_thread::sleep_until(due);
      worst_lag_ = std::max(worst_lag_, SteadyClock::now() - due);
      const std::uint64_t until = std::min<std::uint64_t>(tick * arguments_.rate / 1000, originals_.size());
      for (; sent < until; ++sent) send(sent);
      rd_kafka_poll(producer_.get(), 0);
    }
    bench::check(rd_kafka_flush(producer_.get(), static_cast<int>(patience.count())), "flush");
    bench::check(refused_, "delivery");
  }

  [[nodiscard]] const std::vector<std::int64_t>& appended_ns() const { return appended_ns_; }
  [[nodiscard]] double worst_lag_ms() const { return std::chrono::duration<double, std::milli>(worst_lag_).count(); }

 private:
  static void on_delivery(rd_kafka_t* /*producer*/, const rd_kafka_message_t* message, void* opaque) {
    auto* sender = static_cast<Sender*>(opaque);
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) sender->refused_ = message->err;
    sender->appended_ns_[reinterpret_cast<std::uintptr_t>(message->_private)] = now_ns();
  }

  void send(std::uint64_t sequence) {
    std::string& value = values_.of(sequence);
    const auto partition =
        static_cast<std::int32_t>(originals_[sequence] % static_cast<std::uint64_t>(arguments_.partitions));
    bench::check(rd_kafka_producev(
                     producer_.get(), RD_KAFKA_V_RKT(topic_.get()), RD_KAFKA_V_PARTITION(partition),
                     RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_VALUE(value.data(), value.size()),
                     // NOLINTNEXTLINE(performance-no-int-to-ptr): a number is all that is handed through
                     RD_KAFKA_V_OPAQUE(reinterpret_cast<void*>(static_cast<std::uintptr_t>(sequence))), RD_KAFKA_V_END),
                 "produce");
  }

  const Arguments& arguments_;
  const std::vector<std::uint64_t>& originals_;
  std::vector<std::int64_t> appended_ns_;
  bench::Handle producer_;
  bench::Topic topic_;
  Values values_;
  SteadyClock::duration worst_lag_{};
  rd_kafka_resp_err_t refused_ = RD_KAFKA_RESP_ERR_NO_ERROR;
};

class Receiver {
 public:
  Receiver(const Arguments& arguments, const std::vector<std::uint64_t>& originals)
      : originals_(originals),
        values_(arguments, originals),
        last_(static_cast<std::size_t>(arguments.partitions), -1),
        visible_ns_(originals.size(), 0),
        missing_(static_cast<std::uint64_t>(
            std::count_if(originals.begin(), originals.end(),
                          [i = std::uint64_t{0}](auto original) mutable { return original == i++; }))),
        consumer_(bench::make_client(RD_KAFKA_CONSUMER, {{"bootstrap.servers", arguments.brokers},
                                                         {"group.id", "latency-probe"},
                                                         {"enable.auto.commit", "false"},
                                                         {"isolation.level", "read_committed"},
                                                         {"socket.nagle.disable", "true"}})) {
    bench::check(rd_kafka_poll_set_consumer(consumer_.get()), "poll_set_consumer");
    const bench::Partitions all(rd_kafka_topic_partition_list_new(arguments.partitions));
    for (std::int32_t p = 0; p < arguments.partitions; ++p) {
      rd_kafka_topic_partition_list_add(all.get(), arguments.output.c_str(), p)->offset = RD_KAFKA_OFFSET_BEGINNING;
    }
    bench::check(rd_kafka_assign(consumer_.get(), all.get()), "assign");
  }

  ~Receiver() { rd_kafka_consumer_close(consumer_.get()); }
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;
  Receiver(Receiver&&) = delete;
  Receiver& operator=(Receiver&&) = delete;

  /// Until every original has come, or `patience` has passed since all was sent.
  void run(const std::atomic<std::int64_t>& all_sent_ns) {
    const std::int64_t patience_ns = std::chrono::nanoseconds(patience).count();
    while (missing_ > 0) {
      const bench::Message message(rd_kafka_consumer_poll(consumer_.get(), 100));
      if (message && message->err == RD_KAFKA_RESP_ERR_NO_ERROR) note(*message);
      const std::int64_t sent_ns = all_sent_ns;
      if (sent_ns > 0 && now_ns() - sent_ns > patience_ns) return;
    }
  }

  [[nodiscard]] const std::vector<std::int64_t>& visible_ns() const { return visible_ns_; }
  [[nodiscard]] std::uint64_t missing() const { return missing_; }
  [[nodiscard]] std::uint64_t copies() const { return copies_; }
  [[nodiscard]] std::uint64_t changed() const { return changed_; }
  [[nodiscard]] std::uint64_t out_of_order() const { return out_of_order_; }

 private:
  void note(const rd_kafka_message_t& message) {
    const std::int64_t seen_ns = now_ns();
    const std::string_view value(static_cast<const char*>(message.payload), message.len);
    const std::uint64_t sequence = std::stoull(std::string(value.substr(sequence_start, digits)), nullptr, 16);
    const bool copy = originals_.at(sequence) != sequence || visible_ns_[sequence] != 0;
    if (value != values_.of(sequence)) ++changed_;
    // Sent in the order of their numbers, each to a partition that the output shall keep.
    std::int64_t& last = last_.at(static_cast<std::size_t>(message.partition));
    const bool stays = originals_[sequence] % last_.size() == static_cast<std::size_t>(message.partition);
    if (!stays || static_cast<std::int64_t>(sequence) < last) ++out_of_order_;
    last = static_cast<std::int64_t>(sequence);
    if (copy) {
      ++copies_;
      return;
    }
    visible_ns_[sequence] = seen_ns;
    --missing_;
  }

  const std::vector<std::uint64_t>& originals_;
  Values values_;
  std::vector<std::int64_t> last_;  ///< by partition: the number of the last message
  std::vector<std::int64_t> visible_ns_;
  std::uint64_t missing_ = 0;
  std::uint64_t copies_ = 0;
  std::uint64_t changed_ = 0;
  std::uint64_t out_of_order_ = 0;
  bench::Handle consumer_;
};

std::vector<double> latencies_ms(const Arguments& arguments, const Sender& sender, const Receiver& receiver) {
  std::vector<double> found;
  for (std::size_t i = arguments.first_measured(); i < receiver.visible_ns().size(); ++i) {
    if (receiver.visible_ns()[i] == 0) continue;
    found.push_back(static_cast<double>(receiver.visible_ns()[i] - sender.appended_ns()[i]) * 1e-6);
  }
  std::sort(found.begin(), found.end());
  return found;
}

void print(const Arguments& arguments, const Sender& sender, const Receiver& receiver) {
  const std::vector<double> sorted = latencies_ms(arguments, sender, receiver);
  if (sorted.empty()) throw std::runtime_error("no message arrived");
  const auto at = [&](double share) {
    return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
  };
  std::printf(R"({"sent": %zu, "measured": %zu, "missing": %s, "copies": %s, "changed": %s, )"
              R"("out_of_order": %s, "worst_lag_ms": %.3f, )"
              R"("p50_ms": %.3f, "p95_ms": %.3f, "p99_ms": %.3f, "max_ms": %.3f})"
              "\n",
              receiver.visible_ns().size(), sorted.size(), std::to_string(receiver.missing()).c_str(),
              std::to_string(receiver.copies()).c_str(), std::to_string(receiver.changed()).c_str(),
              std::to_string(receiver.out_of_order()).c_str(), sender.worst_lag_ms(), at(0.5), at(0.95), at(0.99),
              at(1.0));
}

void probe(const Arguments& arguments) {
  const std::vector<std::uint64_t> originals = plan(arguments);
  Sender sender(arguments, originals);
  Receiver receiver(arguments, originals);
  std::atomic<std::int64_t> all_sent_ns = 0;
  std::exception_ptr failure;  // of the sending thread; read after join
  std::thread sending([&] {
    try {
      sender.run();
    } catch (...) {
      failure = std::current_exception();
    }
    all_sent_ns = now_ns();
  });
  receiver.run(all_sent_ns);
  sending.join();
  if (failure) std::rethrow_exception(failure);
  print(arguments, sender, receiver);
}

int run(int argc, char** argv) {
  Arguments arguments;
  CLI::App app{"Measures the time from append to visibility"};
  app.add_option("BROKERS", arguments.brokers)->required();
  app.add_option("INPUT", arguments.input)->required();
  app.add_option("OUTPUT", arguments.output)->required();
  app.add_option("--partitions", arguments.partitions, "of both topics")->required()->check(CLI::Range(1, 10'000));
  app.add_option("--rate", arguments.rate, "messages a second")->check(CLI::Range(1, 1'000'000));
  app.add_option("--warm-up-s", arguments.warm_up_s)->check(CLI::Range(0, 600));
  app.add_option("--seconds", arguments.seconds)->check(CLI::Range(1, 3600));
  app.add_option("--duplicates", arguments.duplicates, "per cent")->check(CLI::Range(0, 99));
  app.add_option("--value-bytes", arguments.value_bytes)->check(CLI::Range(80, 1'000'000));
  CLI11_PARSE(app, argc, argv);
  probe(arguments);
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return firstseen::bench::guarded_main("latency_probe", run, argc, argv); }
