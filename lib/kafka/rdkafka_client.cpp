#include "kafka/rdkafka_client.h"

#include <utility>

#include "kafka/batch_commit.h"
#include "kafka/group_consumer.h"
#include "kafka/producer.h"
#include "kafka/queries.h"

namespace firstseen::kafka {

namespace {

class RdkafkaClient final : public Client {
 public:
  RdkafkaClient(std::unique_ptr<GroupConsumer> consumer, std::unique_ptr<Producer> producer, Guarantee guarantee)
      : consumer_(std::move(consumer)), producer_(std::move(producer)), queries_(consumer_->handle(), *consumer_) {
    if (guarantee == Guarantee::exactly_once) {
      commit_ = std::make_unique<TransactionCommit>(*producer_);
    } else {
      commit_ = std::make_unique<AcknowledgedCommit>(*producer_, *consumer_);
    }
  }

  Result<Progress> init_transactions() override { return commit_->init(); }
  Result<void> subscribe(const std::vector<std::string>& topics) override { return consumer_->subscribe(topics); }
  Result<Taken> take(std::size_t max_messages, Millis wait) override {
    producer_->serve(Millis(0));
    return consumer_->take(max_messages, wait);
  }
  Result<void> assign(std::span<const Position> positions) override { return consumer_->assign(positions); }
  Result<void> unassign() override { return consumer_->unassign(); }
  Result<void> rewind(std::span<const Position> positions) override { return consumer_->rewind(positions); }
  Result<void> pause(std::span<const TopicPartition> partitions) override { return consumer_->pause(partitions); }
  Result<void> resume(std::span<const TopicPartition> partitions) override { return consumer_->resume(partitions); }
  Result<GroupMembership> membership() override { return consumer_->membership(); }

  Result<void> begin() override { return commit_->begin(); }
  Result<Progress> publish(const MessageView& message, const Destination& to,
                           std::span<const AddedHeader> added) override {
    return producer_->publish(message, to, added);
  }
  Result<Progress> send_offsets(std::span<const OffsetCommit> offsets, const GroupMembership& membership) override {
    return commit_->send_offsets(offsets, membership);
  }
  Result<Progress> commit() override { return commit_->commit(); }
  Result<Progress> abort() override { return commit_->abort(); }
  std::vector<DeliveryFailure> failures() override { return producer_->failures(); }

  Result<std::optional<std::vector<Committed>>> committed(std::span<const TopicPartition> partitions) override {
    return queries_.committed(partitions);
  }
  Result<std::optional<Watermarks>> watermarks(const TopicPartition& tp) override { return queries_.watermarks(tp); }
  Result<std::optional<std::int64_t>> offset_for_time(const TopicPartition& tp, std::int64_t timestamp_ms) override {
    return queries_.offset_for_time(tp, timestamp_ms);
  }
  Result<std::optional<std::int32_t>> partition_count(const std::string& topic) override {
    return queries_.partition_count(topic);
  }

 private:
  std::unique_ptr<GroupConsumer> consumer_;
  std::unique_ptr<Producer> producer_;
  std::unique_ptr<BatchCommit> commit_;
  Queries queries_;
};

}  // namespace

Result<std::unique_ptr<Client>> make_client(const ClientOptions& options, LogSink log) {
  auto consumer = GroupConsumer::make(options, log);
  if (!consumer) return forward(consumer.error());
  auto producer = Producer::make(options, std::move(log));
  if (!producer) return forward(producer.error());
  return std::make_unique<RdkafkaClient>(std::move(*consumer), std::move(*producer), options.guarantee);
}

}  // namespace firstseen::kafka
