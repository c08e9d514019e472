#include "kafka/settings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "kafka/hidden_texts.h"
#include "kafka/property_table.h"

namespace firstseen::kafka {

namespace {

using ErrorText = std::array<char, 512>;

/// Collects settings; the first one that librdkafka refuses is kept as the error.
class Settings {
 public:
  Settings() : conf_(rd_kafka_conf_new()) {}

  Settings& set(const std::string& name, const std::string& value) {
    ErrorText text{};
    if (error_.empty() &&
        rd_kafka_conf_set(conf_.get(), name.c_str(), value.c_str(), text.data(), text.size()) != RD_KAFKA_CONF_OK) {
      error_ = fmt::format("librdkafka refuses the property {}", name);
    }
    return *this;
  }

  /// For properties that only newer versions of librdkafka know.
  Settings& set_if_known(const std::string& name, const std::string& value) {
    return property_table().contains(name) ? set(name, value) : *this;
  }

  Result<ConfHandle> take() {
    if (!error_.empty()) return fail(Exit::config, error_ + "; check kafka.properties");
    return std::move(conf_);
  }

 private:
  ConfHandle conf_;
  std::string error_;
};

/// Properties of the other kind of client are left out: librdkafka would warn about each at every start.
void apply_properties(Settings& settings, const ClientOptions& options, PropertyScope kind) {
  for (const auto& [name, value] : options.properties) {
    const auto found = property_table().find(name);
    const PropertyScope scope = found == property_table().end() ? PropertyScope::both : found->second.scope;
    if (scope == PropertyScope::both || scope == kind) settings.set(name, value);
  }
}

void apply_connection(Settings& settings, const ClientOptions& options) {
  settings.set("bootstrap.servers", fmt::format("{}", fmt::join(options.brokers, ",")))
      .set("log.queue", "true")
      .set("log.connection.close", "false");
}

/// Defaults that kafka.properties may change.
void connection_defaults(Settings& settings) {
  settings
      .set("client.id", "firstseen")
      // With the default of 10 s a restarted broker was found again only after 7.5 s.
      .set("reconnect.backoff.max.ms", "500")
      .set("socket.nagle.disable", "true");
}

/// Likewise: 0 turns the figures off.
void statistics_default(Settings& settings, const ClientOptions& options) {
  settings.set("statistics.interval.ms", std::to_string(options.statistics_interval.count()));
}

/// A message waits in the producer for a fraction of the commit interval at most; above 20 ms batches no longer grow.
std::int64_t linger_ms(const ClientOptions& options) {
  return std::clamp<std::int64_t>(options.commit_interval.count() / 5, 0, 20);
}

/// A message larger than the queue is refused, so it holds two of the largest that any output takes.
std::uint64_t producer_queue_kib(const ClientOptions& options) {
  constexpr std::uint64_t usual = 64ULL * 1024;
  constexpr std::uint64_t most = 1024ULL * 1024;
  const std::uint64_t largest = options.largest_message_bytes;
  return largest == 0 ? most : std::clamp<std::uint64_t>(largest / 512, usual, most);
}

/// What a broker may answer at once. A fetch goes out while there is room in the queue, so that each broker's answer
/// may come on top of it. librdkafka wants its message.max.bytes (1 MB) at least; its own choice is the size of the
/// queue, up to 50 MiB. A single message that is larger comes all the same.
std::uint64_t fetch_answer_bytes(const ClientOptions& options) {
  return std::clamp<std::uint64_t>(options.prefetch_bytes / 4, 1'000'000, 52'428'800);
}

void reach_brokers(Settings& settings, const ClientOptions& options) {
  connection_defaults(settings);
  apply_properties(settings, options, PropertyScope::both);
  apply_connection(settings, options);
  settings.set("allow.auto.create.topics", "false");
}

}  // namespace

std::uint64_t produce_batch_bytes(const ClientOptions& options) {
  std::uint64_t bytes = max_batch_bytes;
  if (const auto own = options.properties.find("batch.size"); own != options.properties.end()) {
    std::from_chars(own->second.data(), own->second.data() + own->second.size(), bytes);
  }
  return options.max_message_bytes == 0 ? bytes : std::min(bytes, options.max_message_bytes);
}

Result<ConfHandle> consumer_settings(const ClientOptions& options) {
  // What is chosen here for speed or memory, `./dev bench defaults` measures against other values.
  const std::uint64_t prefetch_kib = std::clamp<std::uint64_t>(options.prefetch_bytes / 1024, 1, 2097151);
  // Per partition and request: what comes on top of the queue. With 1 MB the rate was the same and memory 11 MiB more.
  const std::uint64_t fetch_bytes = std::clamp<std::uint64_t>(options.prefetch_bytes, 1024, 500'000);
  Settings settings;
  connection_defaults(settings);
  statistics_default(settings, options);
  // Of all partitions together, beyond what one more fetch brings. With 20,000 the rate was the same and the peak 6 MiB
  // more, with 5,000 2 MiB less (./dev bench defaults).
  settings.set("queued.min.messages", "10000")
      .set("queued.max.messages.kbytes", std::to_string(prefetch_kib))
      .set("fetch.message.max.bytes", std::to_string(fetch_bytes))
      .set("fetch.max.bytes", std::to_string(fetch_answer_bytes(options)))
      .set("receive.message.max.bytes", "1000000512")
      // In front of a full queue a fetcher pauses for a second: far longer than the queue takes to drain. Versions that
      // do not know the property need fetch_waker.h.
      .set_if_known("fetch.queue.backoff.ms", "20");
  apply_properties(settings, options, PropertyScope::consumer);
  apply_connection(settings, options);
  settings.set("group.id", options.group)
      .set("isolation.level", "read_committed")
      .set("enable.auto.commit", "false")
      .set("enable.auto.offset.store", "false")
      .set("auto.offset.reset", "error")
      .set("enable.partition.eof", "true")
      .set("partition.assignment.strategy", "range,roundrobin");
  // A pattern never means Kafka's own topics. librdkafka ignores these even where one is asked for by its name.
  if (!options.hidden_topics) settings.set("topic.blacklist", "^__");
  if (!options.instance_id.empty()) settings.set("group.instance.id", options.instance_id);
  return settings.take();
}

Result<ConfHandle> producer_settings(const ClientOptions& options) {
  // What is chosen here for speed or memory, `./dev bench defaults` measures against other values.
  Settings settings;
  connection_defaults(settings);
  statistics_default(settings, options);
  settings.set("linger.ms", std::to_string(linger_ms(options)))
      .set("batch.num.messages", "10000")
      // What the broker has not acknowledged yet: two produce requests in flight for each of four partitions. Beyond it
      // the publishing stage waits, and with it the taking one; each message costs some 250 bytes besides its own. With
      // 50,000 and 100,000 the daemon took more memory and was no faster.
      .set("queue.buffering.max.messages", "25000")
      .set("queue.buffering.max.kbytes", std::to_string(producer_queue_kib(options)))
      .set("compression.type", options.compression)
      .set("transaction.timeout.ms", std::to_string(default_transaction_timeout.count()));
  apply_properties(settings, options, PropertyScope::producer);
  apply_connection(settings, options);
  // The broker's limit decides which message is too large, not the client's.
  settings.set("message.max.bytes", "1000000000")
      .set("batch.size", std::to_string(produce_batch_bytes(options)))
      // A producer's default is true: it would make an output that was deleted anew, with the broker's defaults.
      .set("allow.auto.create.topics", "false")
      .set("enable.idempotence", "true")
      .set("partitioner", "murmur2_random");
  if (options.guarantee == Guarantee::exactly_once) settings.set("transactional.id", options.transactional_id);
  return settings.take();
}

Result<ClientHandle> make_handle(rd_kafka_type_t kind, ConfHandle conf, const ClientOptions& options,
                                 Callbacks& callbacks) {
  const HiddenTexts hidden(options);
  callbacks.hide(hidden);
  callbacks.install(conf.get(), kind);
  ErrorText text{};
  ClientHandle client(rd_kafka_new(kind, conf.get(), text.data(), text.size()));
  if (!client) {
    return fail(Exit::config,
                fmt::format("librdkafka refuses the configuration: {}", hidden.removed_from(text.data())));
  }
  disown(conf);  // the client owns it now
  if (const auto code = rd_kafka_set_log_queue(client.get(), nullptr); code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return fail(Exit::internal, fmt::format("cannot redirect librdkafka's log: {}", rd_kafka_err2str(code)));
  }
  if (kind == RD_KAFKA_CONSUMER) rd_kafka_poll_set_consumer(client.get());
  return client;
}

Result<ClientHandle> make_admin_handle(const ClientOptions& options, Callbacks& callbacks) {
  Settings settings;
  reach_brokers(settings, options);
  auto conf = settings.take();
  if (!conf) return forward(conf.error());
  return make_handle(RD_KAFKA_PRODUCER, std::move(*conf), options, callbacks);
}

Result<ClientHandle> make_uncommitted_handle(const ClientOptions& options, Callbacks& callbacks) {
  Settings settings;
  reach_brokers(settings, options);
  settings.set("isolation.level", "read_uncommitted");
  auto conf = settings.take();
  if (!conf) return forward(conf.error());
  return make_handle(RD_KAFKA_CONSUMER, std::move(*conf), options, callbacks);
}

}  // namespace firstseen::kafka
