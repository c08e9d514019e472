#include "kafka/group_consumer.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "kafka/destroy_within.h"
#include "kafka/errors.h"
#include "kafka/failure.h"
#include "kafka/group_membership.h"
#include "kafka/partition_list.h"
#include "kafka/seek.h"
#include "kafka/settings.h"

namespace firstseen::kafka {

namespace {

/// How long a dynamic member may take to say goodbye; otherwise its partitions wait for the session timeout.
constexpr std::chrono::seconds leave_limit{2};
/// How long librdkafka may take to end the client; it needs about one second when no broker answers.
constexpr Millis end_limit{2000};

}  // namespace

GroupConsumer::GroupConsumer(const ClientOptions& options, LogSink log, FiguresSink figures)
    : Callbacks("consumer", std::move(log), std::move(figures)),
      group_(options.group),
      instance_id_(options.instance_id),
      headers_wanted_(options.headers_wanted) {}

Result<std::unique_ptr<GroupConsumer>> GroupConsumer::make(const ClientOptions& options, LogSink log,
                                                           FiguresSink figures) {
  auto conf = consumer_settings(options);
  if (!conf) return forward(conf.error());
  std::unique_ptr<GroupConsumer> consumer(new GroupConsumer(options, std::move(log), std::move(figures)));
  auto client = make_handle(RD_KAFKA_CONSUMER, std::move(*conf), options, *consumer);
  if (!client) return forward(client.error());
  consumer->client_ = std::move(*client);
  consumer->fetcher_ = sleeping_fetcher(*rd_kafka_conf(consumer->client_.get()));
  consumer->queue_.reset(rd_kafka_queue_get_consumer(consumer->client_.get()));
  return consumer;
}

GroupConsumer::~GroupConsumer() {
  if (!client_) return;
  leave_group();
  queue_.reset();
  if (destroy_within(std::move(client_), end_limit)) return;
  report(LogLevel::warning, "end",
         "librdkafka does not end this consumer, as after a topic of its own was deleted; its threads are left behind");
}

void GroupConsumer::leave_group() {
  leaving_ = true;
  if (unanswered_) rd_kafka_assign(client_.get(), nullptr);
  // A static member's successor takes over at once; leaving would only move its partitions to others and back.
  if (!instance_id_.empty()) return;
  const ErrorHandle error(rd_kafka_consumer_close_queue(client_.get(), queue_.get()));
  if (error) return;
  const auto deadline = std::chrono::steady_clock::now() + leave_limit;
  while (rd_kafka_consumer_closed(client_.get()) == 0 && std::chrono::steady_clock::now() < deadline) {
    const MessageHandle discarded(rd_kafka_consume_queue(queue_.get(), 50));
  }
}

Result<void> GroupConsumer::subscribe(const std::vector<std::string>& topics) {
  std::vector<TopicPartition> names;
  names.reserve(topics.size());
  for (const std::string& topic : topics) names.push_back({topic, RD_KAFKA_PARTITION_UA});
  const PartitionListHandle list = make_list(names);
  return check(Call::group, rd_kafka_subscribe(client_.get(), list.get()));
}

void GroupConsumer::on_rebalance(rd_kafka_t* client, rd_kafka_resp_err_t code,
                                 const rd_kafka_topic_partition_list_t* partitions) {
  if (leaving_) {
    rd_kafka_assign(client, nullptr);
    return;
  }
  Rebalance rebalance;
  rebalance.partitions = to_topic_partitions(partitions);
  if (code != RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    rebalance.kind = rd_kafka_assignment_lost(client) != 0 ? Rebalance::Kind::lost : Rebalance::Kind::revoked;
  }
  rebalances_.push_back(std::move(rebalance));
  unanswered_ = true;
  rd_kafka_yield(client);  // the poll returns now and not after its full wait
}

Result<Taken> GroupConsumer::take(std::size_t max_messages, Millis wait) {
  Taken taken;
  auto storage = chunks_->get();
  if (!storage) storage = std::make_unique<MessageBatch>(headers_wanted_);
  auto& batch = static_cast<MessageBatch&>(*storage);  // the pool holds nothing else
  taken.chunk = Chunk(std::move(storage), chunks_);
  if (rebalances_.empty()) {
    if (auto fetched = fetch(max_messages, wait, batch, taken); !fetched) return forward(fetched.error());
  }
  if (!rebalances_.empty()) {
    taken.rebalance = std::move(rebalances_.front());
    rebalances_.pop_front();
  }
  if (auto sought = verify(); !sought) return forward(sought.error());
  taken.messages = batch.finish();
  keep_fetching(taken.messages);
  return taken;
}

/// Only once all of a fetch is judged: whatever else it holds may have been fetched before the rewind, too.
Result<void> GroupConsumer::verify() {
  if (to_verify_.empty()) return {};
  std::vector<Position> positions;
  for (const TopicPartition& tp : to_verify_) {
    if (const auto* track = tracker_.find(tp)) positions.push_back({tp, track->next});
  }
  if (auto sought = seek(positions); !sought) return sought;
  for (const TopicPartition& tp : to_verify_) tracker_.sought_again(tp);
  to_verify_.clear();
  return {};
}

void GroupConsumer::keep_fetching(std::span<const MessageView> taken) {
  std::uint64_t bytes = 0;
  for (const MessageView& message : taken) bytes += message.value.value_or("").size();
  if (!fetcher_.to_be_woken(taken.size(), bytes, rd_kafka_queue_length(queue_.get()))) return;
  std::vector<TopicPartition> fetched;
  for (const Position& position : tracker_.positions()) fetched.push_back(position.tp);
  wake_fetchers(client_.get(), fetched);
}

Result<void> GroupConsumer::fetch(std::size_t max_messages, Millis wait, MessageBatch& batch, Taken& taken) {
  if (max_messages == 0) return {};
  MessageHandle first(rd_kafka_consumer_poll(client_.get(), static_cast<int>(wait.count())));
  if (!first) return check_fatal();
  // A batch call with a timeout would wait until the batch is full: take only what is there.
  fetched_.resize(max_messages - 1);
  const ssize_t count = rd_kafka_consume_batch_queue(queue_.get(), 0, fetched_.data(), fetched_.size());
  last_ = {};
  Result<void> admitted = admit(std::move(first), batch, taken);
  for (ssize_t i = 0; i < count; ++i) {
    MessageHandle message(fetched_[static_cast<std::size_t>(i)]);  // owned, also behind a failure
    if (admitted) admitted = admit(std::move(message), batch, taken);
  }
  return admitted;
}

OffsetTracker::Track* GroupConsumer::track_of(const rd_kafka_message_t& message) {
  if (message.rkt != last_.topic || message.partition != last_.partition) {
    last_ = {message.rkt, message.partition, tracker_.find({rd_kafka_topic_name(message.rkt), message.partition})};
  }
  return last_.track;
}

Result<void> GroupConsumer::admit(MessageHandle message, MessageBatch& batch, Taken& taken) {
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) return admit_error(*message, taken);
  OffsetTracker::Track* track = track_of(*message);
  if (track == nullptr) return {};
  switch (OffsetTracker::accept(*track, message->offset)) {
    case OffsetTracker::Verdict::deliver:
      batch.add(std::move(message));
      break;
    case OffsetTracker::Verdict::verify:
      to_verify_.insert({rd_kafka_topic_name(message->rkt), message->partition});
      break;
    case OffsetTracker::Verdict::discard:
      break;
  }
  return {};
}

Result<void> GroupConsumer::admit_error(const rd_kafka_message_t& message, Taken& taken) {
  const std::string topic = message.rkt != nullptr ? rd_kafka_topic_name(message.rkt) : "";
  const TopicPartition tp{topic, topic.empty() ? -1 : message.partition};
  const std::string detail = rd_kafka_message_errstr(&message);
  const bool concerns_us = tp.partition < 0 || tracker_.assigned(tp);
  switch (consumer_error_kind(message.err)) {
    case ConsumerErrorKind::end_of_log:
      if (concerns_us) taken.events.push_back({PartitionEvent::Kind::end_of_log, tp, message.offset, ""});
      return {};
    case ConsumerErrorKind::offset_out_of_range:
      tracker_.block(tp);
      if (concerns_us) taken.events.push_back({PartitionEvent::Kind::offset_out_of_range, tp, message.offset, detail});
      return {};
    case ConsumerErrorKind::unreadable:
      tracker_.block(tp);
      if (concerns_us) taken.events.push_back({PartitionEvent::Kind::unreadable, tp, message.offset, detail});
      return {};
    case ConsumerErrorKind::inaccessible:
      if (tracker_.assigned(tp)) {
        taken.events.push_back({PartitionEvent::Kind::inaccessible, tp, -1, detail});
      } else {
        report_topic(topic, detail);
      }
      return {};
    case ConsumerErrorKind::client:
      if (auto fatal = check_fatal(); !fatal) return fatal;
      return forward(to_error({Call::consume, message.err, false, false, false, detail}));
    case ConsumerErrorKind::transient:
      report(LogLevel::warning, rd_kafka_err2name(message.err), detail);
      return {};
  }
  return {};
}

/// What librdkafka says once of a subscribed topic as a whole (with partition 0), or of a pattern that matches none.
void GroupConsumer::report_topic(const std::string& topic, const std::string& detail) {
  report(
      LogLevel::warning, "topic " + topic,
      fmt::format("{}; nothing{} is consumed until the broker has such a topic and lets this user read it: create it, "
                  "grant Read and Describe, or take it out of input.topics and restart",
                  detail, topic.empty() ? "" : " of " + topic));
}

Result<void> GroupConsumer::check_fatal() { return kafka::check_fatal(client_.get(), Call::consume); }

Result<void> GroupConsumer::answer(const rd_kafka_topic_partition_list_t* partitions) {
  // librdkafka keeps a partition's pause over assignments; here every assignment begins unpaused.
  if (const auto paused = tracker_.paused(); !paused.empty()) {
    if (auto resumed = set_paused(paused, false); !resumed) return resumed;
  }
  tracker_.clear();
  to_verify_.clear();
  unanswered_ = false;
  return check(Call::group, rd_kafka_assign(client_.get(), partitions));
}

Result<void> GroupConsumer::assign(std::span<const Position> positions) {
  const PartitionListHandle list = make_list(positions);
  auto answered = answer(list.get());
  if (answered) tracker_.assign(positions);
  return answered;
}

Result<void> GroupConsumer::unassign() { return answer(nullptr); }

Result<void> GroupConsumer::rewind(std::span<const Position> positions) {
  for (const Position& position : positions) tracker_.rewind(position);
  return seek(positions);
}

Result<void> GroupConsumer::seek(std::span<const Position> positions) {
  if (positions.empty()) return {};
  auto left = seek_partitions(client_.get(), positions);
  if (!left) return forward(left.error());
  // A partition whose fetcher has stopped (offset out of range) can only be started by a new assignment. While the
  // group waits for an answer, an assignment would be taken for it; then the partitions are about to go anyway.
  if (left->empty() || unanswered_) return {};
  const std::vector<Position> all = tracker_.positions();
  const std::vector<TopicPartition> paused = tracker_.paused();
  const PartitionListHandle list = make_list(all);
  if (auto assigned = check(Call::group, rd_kafka_assign(client_.get(), list.get())); !assigned) return assigned;
  return paused.empty() ? Result<void>{} : set_paused(paused, true);
}

Result<void> GroupConsumer::set_paused(std::span<const TopicPartition> partitions, bool paused) {
  const PartitionListHandle list = make_list(partitions);
  for (const TopicPartition& tp : partitions) tracker_.set_paused(tp, paused);
  if (auto done = check(Call::consume, paused ? rd_kafka_pause_partitions(client_.get(), list.get())
                                              : rd_kafka_resume_partitions(client_.get(), list.get()));
      !done) {
    return done;
  }
  for (const auto& element : elements(*list)) {
    if (element.err == RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    return forward(to_error({Call::consume, element.err, false, false, false,
                             fmt::format("{} {}: {}", paused ? "pause" : "resume",
                                         to_string(to_topic_partition(element)), rd_kafka_err2str(element.err))}));
  }
  return {};
}

Result<void> GroupConsumer::pause(std::span<const TopicPartition> partitions) {
  return partitions.empty() ? Result<void>{} : set_paused(partitions, true);
}

Result<void> GroupConsumer::resume(std::span<const TopicPartition> partitions) {
  if (partitions.empty()) return {};
  if (auto resumed = set_paused(partitions, false); !resumed) return resumed;
  // What was queued or dropped while paused is fetched again from our own next offset.
  std::vector<Position> positions;
  for (const TopicPartition& tp : partitions) {
    if (const auto* track = tracker_.find(tp)) positions.push_back({tp, track->next});
  }
  return seek(positions);
}

Result<GroupMembership> GroupConsumer::membership() { return current_membership(client_.get(), group_, instance_id_); }

}  // namespace firstseen::kafka
