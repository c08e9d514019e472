#include "ingest/topic_publisher.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>

#include "kafka/batch_commit.h"
#include "kafka/callbacks.h"
#include "kafka/handles.h"
#include "kafka/options.h"
#include "kafka/producer.h"
#include "kafka/queries.h"
#include "kafka/scram.h"
#include "kafka/settings.h"

namespace firstseen::ingest {
namespace {

using kafka::Progress;

constexpr int slice_ms = 1000;

kafka::ClientOptions client_options(const TopicOptions& options) {
  kafka::ClientOptions client;
  client.brokers = options.brokers;
  client.properties = options.properties;
  client.compression = options.compression;
  return client;
}

/// Asks the broker; reads nothing.
class Inquirer {
 public:
  static Result<std::unique_ptr<Inquirer>> make(const kafka::ClientOptions& options, LogSink log) {
    auto conf = kafka::consumer_settings(options);
    if (!conf) return forward(conf.error());
    const std::string why = kafka::refused_scram(options.properties);
    if (!why.empty() && log) log(LogLevel::warning, why);
    auto inquirer = std::make_unique<Inquirer>(std::move(log));
    auto client = kafka::make_handle(RD_KAFKA_CONSUMER, std::move(*conf), options, inquirer->callbacks_);
    if (!client) return forward(client.error());
    inquirer->client_ = std::move(*client);
    return inquirer;
  }
  explicit Inquirer(LogSink log) : callbacks_("ingest", std::move(log)) {}

  kafka::Queries queries() { return {client_.get(), callbacks_}; }
  /// Serves log lines and errors; the last error's words.
  const std::string& trouble() {
    const kafka::MessageHandle ignored(rd_kafka_consumer_poll(client_.get(), 0));
    return callbacks_.last_error();
  }
  std::string cluster_id() {
    const kafka::MemoryHandle<char> id(rd_kafka_clusterid(client_.get(), slice_ms));
    return id ? id.get() : "";
  }
  /// Does the topic exist? All topics are listed: to ask for one by its name may create it. Nothing: no answer.
  std::optional<bool> has_topic(const std::string& topic) {
    const rd_kafka_metadata_t* raw = nullptr;
    const auto code = rd_kafka_metadata(client_.get(), 1, nullptr, &raw, slice_ms);
    const kafka::MetadataHandle metadata(raw);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return std::nullopt;
    const std::span topics(metadata->topics, static_cast<std::size_t>(metadata->topic_cnt));
    return std::ranges::any_of(topics, [&](const rd_kafka_metadata_topic_t& found) {
      return found.topic == topic && found.err == RD_KAFKA_RESP_ERR_NO_ERROR;
    });
  }

 private:
  kafka::Callbacks callbacks_;
  kafka::ClientHandle client_;
};

/// How long one call may go on saying `again`.
class Patience {
 public:
  Patience(Millis limit, Inquirer& inquirer) : limit_(limit), inquirer_(inquirer) {}

  /// Repeats a call that answers Progress until it is done.
  template <class Call>
  Result<void> repeat(const char* what, Call&& call) {
    const auto deadline = std::chrono::steady_clock::now() + limit_;
    while (true) {
      const auto progress = call();
      if (!progress) return forward(progress.error());
      if (*progress == Progress::done) return {};
      if (std::chrono::steady_clock::now() > deadline) return given_up(what);
      static_cast<void>(inquirer_.trouble());
    }
  }
  /// Repeats a question until it has an answer.
  template <class T, class Question>
  Result<T> answer(const char* what, Question&& question) {
    std::optional<T> found;
    auto asked = repeat(what, [&]() -> Result<Progress> {
      auto reply = question();
      if (!reply) return forward(reply.error());
      found = std::move(*reply);
      return found ? Progress::done : Progress::again;
    });
    if (!asked) return forward(asked.error());
    return std::move(*found);
  }

 private:
  tl::unexpected<Error> given_up(const char* what) {
    const std::string& trouble = inquirer_.trouble();
    return fail(Exit::unavailable, fmt::format("cannot {} within {} s{}{}", what, limit_.count() / 1000,
                                               trouble.empty() ? "" : ": ", trouble));
  }

  Millis limit_;
  Inquirer& inquirer_;
};

class TopicPublisher final : public Publisher {
 public:
  TopicPublisher(const TopicOptions& options, std::string group, std::unique_ptr<Inquirer> inquirer,
                 std::unique_ptr<kafka::Producer> producer)
      : topic_(options.topic),
        group_(std::move(group)),
        inquirer_(std::move(inquirer)),
        patience_(options.patience, *inquirer_),
        producer_(std::move(producer)),
        transaction_(*producer_) {}

  Result<void> start() override {
    return patience_.repeat("begin as transactional producer", [&] { return transaction_.init(); });
  }

  Result<std::optional<std::string>> committed_mark() override {
    const TopicPartition place{topic_, 0};
    const auto found = patience_.answer<std::vector<kafka::Committed>>(
        "read the ledger group's offset", [&] { return inquirer_->queries().committed({&place, 1}); });
    if (!found) return forward(found.error());
    if (found->empty() || !found->front().offset) return std::optional<std::string>();
    return std::optional(found->front().metadata);
  }

  Result<void> begin() override { return transaction_.begin(); }

  Result<void> publish(const OutputRecord& record, const std::string& from, std::uint64_t number) override {
    MessageView message;
    message.topic = from;
    message.offset = static_cast<std::int64_t>(number);
    message.timestamp_ms = 0;  // librdkafka's word for now
    if (record.key) message.key = *record.key;
    message.value = record.value;
    return patience_.repeat("hand records to the broker",
                            [&] { return producer_->publish(message, {topic_, -1}, {}); });
  }

  Result<void> send_mark(const std::string& mark) override {
    // The group has no members: its metadata can be made by hand, since nothing but this producer writes its offset.
    using Metadata = std::shared_ptr<const rd_kafka_consumer_group_metadata_t>;
    const kafka::GroupMembership nobody{
        Metadata(kafka::GroupMetadataHandle(rd_kafka_consumer_group_metadata_new(group_.c_str())))};
    const kafka::OffsetCommit offset{{topic_, 0}, 0, mark};
    return patience_.repeat("send the batch's mark", [&] { return transaction_.send_offsets({&offset, 1}, nobody); });
  }

  Result<void> commit() override {
    auto committed = patience_.repeat("commit", [&] { return transaction_.commit(); });
    // Given up in the middle of a commit: the outcome is unknown until the next start.
    if (!committed && committed.error().exit == Exit::unavailable && committed.error().action == Action::stop) {
      committed.error().message += "; the next run finds out whether it was committed";
    }
    return committed;
  }

  Result<void> abort() override {
    return patience_.repeat("abort", [&] { return transaction_.abort(); });
  }

  [[nodiscard]] std::optional<std::string> refused() const override {
    std::optional<std::string> first;
    for (const kafka::DeliveryFailure& failure : producer_->failures()) {
      if (!failure.permanent) continue;
      std::string text = fmt::format("record {}: {}", failure.position.offset, failure.reason);
      if (failure.alone) return text;
      if (!first) first = text + " (or a record near it)";
    }
    return first;
  }

 private:
  const std::string topic_;
  const std::string group_;
  std::unique_ptr<Inquirer> inquirer_;
  Patience patience_;
  std::unique_ptr<kafka::Producer> producer_;
  kafka::TransactionCommit transaction_;
};

}  // namespace

std::string transactional_id(const std::string& ledger_id, std::uint32_t worker) {
  return fmt::format("firstseen-ingest-{}-{}", ledger_id, worker);
}

std::string ledger_group(const std::string& ledger_id, std::uint32_t worker) {
  return transactional_id(ledger_id, worker);
}

Result<std::unique_ptr<Publisher>> make_topic_publisher(const TopicOptions& options, const std::string& ledger_id,
                                                        std::uint32_t worker, LogSink log) {
  kafka::ClientOptions client = client_options(options);
  client.group = ledger_group(ledger_id, worker);
  client.transactional_id = transactional_id(ledger_id, worker);
  auto inquirer = Inquirer::make(client, log);
  if (!inquirer) return forward(inquirer.error());
  auto producer = kafka::Producer::make(client, std::move(log), {});
  if (!producer) return forward(producer.error());
  std::unique_ptr<Publisher> publisher =
      std::make_unique<TopicPublisher>(options, client.group, std::move(*inquirer), std::move(*producer));
  return publisher;
}

Result<std::string> check_topic(const TopicOptions& options, LogSink log) {
  kafka::ClientOptions client = client_options(options);
  client.group = "firstseen-ingest";
  auto inquirer = Inquirer::make(client, std::move(log));
  if (!inquirer) return forward(inquirer.error());
  Patience patience(options.patience, **inquirer);
  const auto exists = patience.answer<bool>(
      "reach a broker", [&]() -> Result<std::optional<bool>> { return (*inquirer)->has_topic(options.topic); });
  if (!exists) return forward(exists.error());
  if (!*exists) {
    return fail(Exit::config, fmt::format("there is no topic '{}': create it, or name another one", options.topic));
  }
  return (*inquirer)->cluster_id();
}

}  // namespace firstseen::ingest
