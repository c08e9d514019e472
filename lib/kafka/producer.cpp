#include "kafka/producer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "kafka/errors.h"
#include "kafka/failure.h"
#include "kafka/headers.h"
#include "kafka/settings.h"

namespace firstseen::kafka {

namespace {

/// How often publish() serves delivery reports, in messages.
constexpr std::size_t serve_every = 256;
/// How long publish() waits for room in a full queue.
constexpr Millis full_queue_wait{50};

/// librdkafka takes a null pointer for a null key or value and any other for an empty one.
struct Bytes {
  const char* data;
  std::size_t size;
};
Bytes bytes_of(const std::optional<std::string_view>& bytes) {
  if (!bytes) return {nullptr, 0};
  return bytes->empty() ? Bytes{"", 0} : Bytes{bytes->data(), bytes->size()};
}

/// librdkafka carries a number as well as a pointer; never null, which stands for none.
void* opaque_of(std::size_t number) {
  return reinterpret_cast<void*>(number);  // NOLINT(performance-no-int-to-ptr): never followed
}
std::size_t index_of(const void* opaque) { return reinterpret_cast<std::size_t>(opaque) - 1; }

bool was_purged(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR__PURGE_QUEUE || code == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT;
}

}  // namespace

Producer::Producer(const ClientOptions& options, LogSink log, FiguresSink figures)
    : Callbacks("producer", std::move(log), std::move(figures)), batch_bytes_(produce_batch_bytes(options)) {}

Result<std::unique_ptr<Producer>> Producer::make(const ClientOptions& options, LogSink log, FiguresSink figures) {
  auto conf = producer_settings(options);
  if (!conf) return forward(conf.error());
  std::unique_ptr<Producer> producer(new Producer(options, std::move(log), std::move(figures)));
  auto client = make_handle(RD_KAFKA_PRODUCER, std::move(*conf), options, *producer);
  if (!client) return forward(client.error());
  producer->client_ = std::move(*client);
  return producer;
}

void Producer::new_batch() {
  origins_.clear();
  failed_.clear();
  published_ = 0;
}

const std::string* Producer::intern(std::string_view topic) {
  if (last_name_ == nullptr || *last_name_ != topic) {
    const auto found = names_.find(topic);
    last_name_ = found != names_.end() ? &*found : &*names_.emplace(topic).first;
  }
  return last_name_;
}

Result<rd_kafka_topic_t*> Producer::topic_handle(std::string_view topic) {
  if (last_topic_.handle != nullptr && last_topic_.name == topic) return last_topic_.handle;
  auto found = topics_.find(topic);
  if (found == topics_.end()) {
    const std::string name(topic);
    TopicHandle handle(rd_kafka_topic_new(client_.get(), name.c_str(), nullptr));
    if (!handle) return forward(to_error({Call::produce, rd_kafka_last_error(), false, false, false, "topic " + name}));
    found = topics_.emplace(name, std::move(handle)).first;
  }
  last_topic_ = {found->first, found->second.get()};
  return last_topic_.handle;
}

Result<Progress> Producer::publish(const MessageView& message, const Destination& to,
                                   std::span<const AddedHeader> added) {
  if (++published_ % serve_every == 0) serve(Millis(0));
  const auto topic = topic_handle(to.topic);
  if (!topic) return forward(topic.error());
  auto headers = copy_headers(message, added);
  if (!headers) {
    refuse({intern(message.topic), message.partition, message.offset}, to, RD_KAFKA_RESP_ERR_INVALID_RECORD);
    return fail(Action::abort, Exit::bad_data,
                fmt::format("{}[{}]@{} has unreadable headers: {}", message.topic, message.partition, message.offset,
                            headers.error().message));
  }
  return enqueue(message, to, *topic, std::move(*headers));
}

Result<Progress> Producer::enqueue(const MessageView& message, const Destination& to, rd_kafka_topic_t* topic,
                                   HeadersHandle headers) {
  origins_.push_back({intern(message.topic), message.partition, message.offset});
  const Bytes value = bytes_of(message.value);
  const Bytes key = bytes_of(message.key);
  // producev and not produceva: the latter frees the headers twice after some failures before librdkafka 2.12.
  rd_kafka_resp_err_t code = rd_kafka_producev(
      client_.get(), RD_KAFKA_VTYPE_RKT, topic, RD_KAFKA_VTYPE_PARTITION, to.partition, RD_KAFKA_VTYPE_MSGFLAGS,
      RD_KAFKA_MSG_F_COPY, RD_KAFKA_VTYPE_VALUE, value.data, value.size, RD_KAFKA_VTYPE_KEY, key.data, key.size,
      RD_KAFKA_VTYPE_TIMESTAMP, std::max<std::int64_t>(message.timestamp_ms, 0), RD_KAFKA_VTYPE_HEADERS, headers.get(),
      RD_KAFKA_VTYPE_OPAQUE, opaque_of(origins_.size()), RD_KAFKA_VTYPE_END);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
    disown(headers);  // the message owns them now
    ++outstanding_;
    return Progress::done;
  }
  const Origin origin = origins_.back();
  origins_.pop_back();
  std::string reason = rd_kafka_err2str(code);
  if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL && outstanding_ == 0) {  // room for this one will never come
    code = RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
    reason = "larger than the producer's whole queue, kafka.properties queue.buffering.max.kbytes: raise it";
  }
  const Failure failure{
      Call::produce,
      code,
      false,
      false,
      false,
      fmt::format("{}[{}]@{} to {}: {}", message.topic, message.partition, message.offset, to.topic, reason)};
  Error error = to_error(failure);
  if (error.action == Action::retry) {
    serve(full_queue_wait);
    return Progress::again;
  }
  if (error.action == Action::abort && code != RD_KAFKA_RESP_ERR__STATE) refuse(origin, to, code);
  if (auto fatal = check_fatal(client_.get(), Call::produce); !fatal) return forward(fatal.error());
  return forward(std::move(error));
}

void Producer::refuse(const Origin& origin, const Destination& to, rd_kafka_resp_err_t code) {
  failed_.push_back(
      {{{*origin.topic, origin.partition}, origin.offset}, std::string(to.topic), to.partition, code, true});
}

void Producer::serve(Millis wait) { rd_kafka_poll(client_.get(), static_cast<int>(wait.count())); }

void Producer::flush(Millis wait) { rd_kafka_flush(client_.get(), static_cast<int>(wait.count())); }

void Producer::on_delivery(const rd_kafka_message_t& message) {
  --outstanding_;
  if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR || was_purged(message.err)) return;
  const Origin& origin = origins_.at(index_of(message._private));
  const std::size_t size = message.len + message.key_len + headers_size(message);
  failed_.push_back({{{*origin.topic, origin.partition}, origin.offset},
                     rd_kafka_topic_name(message.rkt),
                     message.partition,
                     message.err,
                     size >= batch_bytes_});
}

std::string Producer::unacknowledged() const {
  return fmt::format("{} of its messages are not acknowledged yet", outstanding_);
}

std::string Producer::first_failure() const {
  if (failed_.empty()) return "";
  const Failed& first = failed_.front();
  std::string text = fmt::format("{} offset {} to {}[{}]: {}", to_string(first.from.tp), first.from.offset,
                                 first.output_topic, first.output_partition, rd_kafka_err2str(first.code));
  if (is_missing_topic(first.code)) text += fmt::format("; {}", missing_output_topic({}).advice);
  return text;
}

std::vector<DeliveryFailure> Producer::failures() const {
  // A produce batch fails as a whole: the only one refused in a partition was alone in its batch.
  std::map<std::pair<std::string, std::int32_t>, std::size_t> refused;
  for (const Failed& failed : failed_) ++refused[{failed.output_topic, failed.output_partition}];
  std::vector<DeliveryFailure> all;
  all.reserve(failed_.size());
  for (const Failed& failed : failed_) {
    const bool permanent = refusal_of(failed.code) != Refusal::none;
    const bool only_one = refused[{failed.output_topic, failed.output_partition}] == 1;
    all.push_back({failed.from, permanent, permanent && (failed.travelled_alone || only_one),
                   fmt::format("{} refused by {}[{}]", rd_kafka_err2str(failed.code), failed.output_topic,
                               failed.output_partition)});
  }
  return all;
}

}  // namespace firstseen::kafka
