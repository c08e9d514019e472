#include "kafka/rdkafka_client.h"

#include <utility>

#include "base/thread_owner.h"
#include "kafka/batch_commit.h"
#include "kafka/group_consumer.h"
#include "kafka/offset_commit.h"
#include "kafka/producer.h"
#include "kafka/queries.h"
#include "kafka/uncommitted_ends.h"

namespace firstseen::kafka {

namespace {

class RdkafkaConsumer final : public Consumer {
 public:
  RdkafkaConsumer(std::unique_ptr<GroupConsumer> consumer, const ClientOptions& options, LogSink log)
      : consumer_(std::move(consumer)),
        queries_(consumer_->handle(), *consumer_),
        ends_(options, std::move(log)),
        offsets_(*consumer_) {}

  Result<void> subscribe(const std::vector<std::string>& topics) override { return consumer().subscribe(topics); }
  Result<Taken> take(std::size_t max_messages, Millis wait) override {
    GroupConsumer& taking = consumer();
    ends_.rest();
    return taking.take(max_messages, wait);
  }
  Result<void> assign(std::span<const Position> positions) override { return consumer().assign(positions); }
  Result<void> unassign() override { return consumer().unassign(); }
  Result<void> rewind(std::span<const Position> positions) override { return consumer().rewind(positions); }
  Result<void> pause(std::span<const TopicPartition> partitions) override { return consumer().pause(partitions); }
  Result<void> resume(std::span<const TopicPartition> partitions) override { return consumer().resume(partitions); }
  Result<GroupMembership> membership() override { return consumer().membership(); }
  Result<Progress> commit(std::span<const OffsetCommit> offsets, const GroupMembership& membership) override {
    owner_.check();
    return offsets_.commit(offsets, membership);
  }
  Result<std::optional<std::vector<Committed>>> committed(std::span<const TopicPartition> partitions) override {
    return queries().committed(partitions);
  }
  Result<std::optional<Watermarks>> watermarks(const TopicPartition& tp) override { return queries().watermarks(tp); }
  Result<std::optional<std::int64_t>> uncommitted_end(const TopicPartition& tp) override {
    owner_.check();
    return ends_.of(tp);
  }
  std::optional<std::int64_t> known_end(const TopicPartition& tp) override { return queries().known_end(tp); }
  Result<std::optional<std::int64_t>> offset_for_time(const TopicPartition& tp, std::int64_t timestamp_ms) override {
    return queries().offset_for_time(tp, timestamp_ms);
  }
  Result<std::optional<std::int32_t>> partition_count(const std::string& topic) override {
    return queries().partition_count(topic);
  }
  Result<std::optional<std::vector<std::int32_t>>> leaderless(const std::string& topic) override {
    return queries().leaderless(topic);
  }
  Result<std::optional<std::string>> cluster_id() override { return queries().cluster_id(); }

 private:
  GroupConsumer& consumer() {
    owner_.check();
    return *consumer_;
  }
  Queries& queries() {
    owner_.check();
    return queries_;
  }

  ThreadOwner owner_;
  std::unique_ptr<GroupConsumer> consumer_;
  Queries queries_;
  UncommittedEnds ends_;
  OffsetCommitter offsets_;
};

class RdkafkaPublisher final : public Publisher {
 public:
  RdkafkaPublisher(std::unique_ptr<Producer> producer, Guarantee guarantee) : producer_(std::move(producer)) {
    if (guarantee == Guarantee::exactly_once) {
      commit_ = std::make_unique<TransactionCommit>(*producer_);
    } else {
      commit_ = std::make_unique<AcknowledgedCommit>(*producer_);
    }
  }

  Result<Progress> init_transactions() override { return batch().init(); }
  Result<void> begin() override { return batch().begin(); }
  Result<Progress> publish(const MessageView& message, const Destination& to,
                           std::span<const AddedHeader> added) override {
    owner_.check();
    return producer_->publish(message, to, added);
  }
  Result<Progress> send_offsets(std::span<const OffsetCommit> offsets, const GroupMembership& membership) override {
    return batch().send_offsets(offsets, membership);
  }
  Result<Progress> commit() override { return batch().commit(); }
  Result<Progress> abort() override { return batch().abort(); }
  std::vector<DeliveryFailure> failures() override {
    owner_.check();
    return producer_->failures();
  }
  [[nodiscard]] Millis pause_after_commit() const override { return commit_->pause_after_commit(); }
  std::string why_again() override { return batch().why_again(); }
  void serve() override {
    owner_.check();
    producer_->serve(Millis(0));
  }

 private:
  BatchCommit& batch() {
    owner_.check();
    return *commit_;
  }

  ThreadOwner owner_;
  std::unique_ptr<Producer> producer_;
  std::unique_ptr<BatchCommit> commit_;
};

}  // namespace

Result<std::unique_ptr<Consumer>> make_consumer(const ClientOptions& options, LogSink log, FiguresSink figures) {
  auto consumer = GroupConsumer::make(options, log, std::move(figures));
  if (!consumer) return forward(consumer.error());
  return std::make_unique<RdkafkaConsumer>(std::move(*consumer), options, std::move(log));
}

Result<Client> make_client(const ClientOptions& options, LogSink log, FiguresSink figures) {
  auto consumer = make_consumer(options, log, figures);
  if (!consumer) return forward(consumer.error());
  auto producer = Producer::make(options, std::move(log), std::move(figures));
  if (!producer) return forward(producer.error());
  Client client;
  client.consumer = std::move(*consumer);
  client.publisher = std::make_unique<RdkafkaPublisher>(std::move(*producer), options.guarantee);
  return client;
}

}  // namespace firstseen::kafka
