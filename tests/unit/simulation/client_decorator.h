#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kafka/client.h"

namespace firstseen::simulation {

/// Passes everything on to another consumer; the base of the consumers that misbehave on purpose.
class ConsumerDecorator : public kafka::Consumer {
 public:
  explicit ConsumerDecorator(std::unique_ptr<kafka::Consumer> inner) : inner_(std::move(inner)) {}

  Result<void> subscribe(const std::vector<std::string>& topics) override { return inner_->subscribe(topics); }
  Result<kafka::Taken> take(std::size_t max_messages, Millis wait) override { return inner_->take(max_messages, wait); }
  Result<void> assign(std::span<const Position> positions) override { return inner_->assign(positions); }
  Result<void> unassign() override { return inner_->unassign(); }
  Result<void> rewind(std::span<const Position> positions) override { return inner_->rewind(positions); }
  Result<void> pause(std::span<const TopicPartition> partitions) override { return inner_->pause(partitions); }
  Result<void> resume(std::span<const TopicPartition> partitions) override { return inner_->resume(partitions); }
  Result<kafka::GroupMembership> membership() override { return inner_->membership(); }
  Result<kafka::Progress> commit(std::span<const kafka::OffsetCommit> offsets,
                                 const kafka::GroupMembership& membership) override {
    return inner_->commit(offsets, membership);
  }
  Result<std::optional<std::vector<kafka::Committed>>> committed(std::span<const TopicPartition> partitions) override {
    return inner_->committed(partitions);
  }
  Result<std::optional<kafka::Watermarks>> watermarks(const TopicPartition& tp) override {
    return inner_->watermarks(tp);
  }
  Result<std::optional<std::int64_t>> uncommitted_end(const TopicPartition& tp) override {
    return inner_->uncommitted_end(tp);
  }
  [[nodiscard]] std::optional<std::int64_t> known_end(const TopicPartition& tp) override {
    return inner_->known_end(tp);
  }
  Result<std::optional<std::int64_t>> offset_for_time(const TopicPartition& tp, std::int64_t timestamp_ms) override {
    return inner_->offset_for_time(tp, timestamp_ms);
  }
  Result<std::optional<std::int32_t>> partition_count(const std::string& topic) override {
    return inner_->partition_count(topic);
  }
  Result<std::optional<std::vector<std::int32_t>>> leaderless(const std::string& topic) override {
    return inner_->leaderless(topic);
  }
  Result<std::optional<std::string>> cluster_id() override { return inner_->cluster_id(); }

 protected:
  [[nodiscard]] kafka::Consumer& inner() { return *inner_; }

 private:
  std::unique_ptr<kafka::Consumer> inner_;
};

/// The same for publishers.
class PublisherDecorator : public kafka::Publisher {
 public:
  explicit PublisherDecorator(std::unique_ptr<kafka::Publisher> inner) : inner_(std::move(inner)) {}

  Result<kafka::Progress> init_transactions() override { return inner_->init_transactions(); }
  Result<void> begin() override { return inner_->begin(); }
  Result<kafka::Progress> publish(const MessageView& message, const kafka::Destination& to,
                                  std::span<const kafka::AddedHeader> added) override {
    return inner_->publish(message, to, added);
  }
  Result<kafka::Progress> send_offsets(std::span<const kafka::OffsetCommit> offsets,
                                       const kafka::GroupMembership& membership) override {
    return inner_->send_offsets(offsets, membership);
  }
  Result<kafka::Progress> commit() override { return inner_->commit(); }
  Result<kafka::Progress> abort() override { return inner_->abort(); }
  std::vector<kafka::DeliveryFailure> failures() override { return inner_->failures(); }
  [[nodiscard]] Millis pause_after_commit() const override { return inner_->pause_after_commit(); }
  std::string why_again() override { return inner_->why_again(); }
  void serve() override { inner_->serve(); }

 protected:
  [[nodiscard]] kafka::Publisher& inner() { return *inner_; }

 private:
  std::unique_ptr<kafka::Publisher> inner_;
};

}  // namespace firstseen::simulation
