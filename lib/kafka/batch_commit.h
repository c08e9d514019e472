#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "kafka/client.h"
#include "kafka/errors.h"
#include "kafka/handles.h"
#include "kafka/producer.h"

namespace firstseen::kafka {

/// What makes a batch take effect as a whole, by delivery.guarantee. The contracts are those of Publisher.
class BatchCommit {
 public:
  BatchCommit() = default;
  BatchCommit(const BatchCommit&) = delete;
  BatchCommit& operator=(const BatchCommit&) = delete;
  BatchCommit(BatchCommit&&) = delete;
  BatchCommit& operator=(BatchCommit&&) = delete;
  virtual ~BatchCommit() = default;

  virtual Result<Progress> init() = 0;
  virtual Result<void> begin() = 0;
  virtual Result<Progress> send_offsets(std::span<const OffsetCommit> offsets, const GroupMembership& membership) = 0;
  virtual Result<Progress> commit() = 0;
  virtual Result<Progress> abort() = 0;
  [[nodiscard]] virtual Millis pause_after_commit() const { return Millis{0}; }
  [[nodiscard]] const std::string& why_again() const { return why_again_; }

 protected:
  Progress again(std::string why) {
    why_again_ = std::move(why);
    return Progress::again;
  }
  Progress done() {
    why_again_.clear();
    return Progress::done;
  }

 private:
  std::string why_again_;
};

/// exactly_once: messages and offsets in one Kafka transaction.
class TransactionCommit final : public BatchCommit {
 public:
  explicit TransactionCommit(Producer& producer) : producer_(producer) {}

  Result<Progress> init() override;
  Result<void> begin() override;
  Result<Progress> send_offsets(std::span<const OffsetCommit> offsets, const GroupMembership& membership) override;
  Result<Progress> commit() override;
  Result<Progress> abort() override;
  [[nodiscard]] Millis pause_after_commit() const override;

 private:
  Result<Progress> finished(Call call, rd_kafka_error_t* raw);
  Result<void> check_deliveries();
  Error error_of(Failure failure);
  bool may_wait_for_deliveries();
  void let_markers_be_written();

  Producer& producer_;
  std::chrono::steady_clock::time_point committed_at_;  ///< the last commit; long ago: none
  bool open_ = false;
  bool failed_ = false;        ///< librdkafka has said that this transaction must be aborted: it sends nothing any more
  bool sequence_gap_ = false;  ///< this batch has met one
  bool sequence_gap_before_ = false;  ///< the one before has
  std::chrono::steady_clock::time_point abort_begun_;
  bool aborting_ = false;
};

/// at_least_once: every message acknowledged; the offsets are the consumer's to commit (offset_commit.h).
class AcknowledgedCommit final : public BatchCommit {
 public:
  explicit AcknowledgedCommit(Producer& producer) : producer_(producer) {}

  Result<Progress> init() override { return Progress::done; }
  Result<void> begin() override;
  Result<Progress> send_offsets(std::span<const OffsetCommit> offsets, const GroupMembership& membership) override;
  Result<Progress> commit() override { return Progress::done; }
  Result<Progress> abort() override;

 private:
  Producer& producer_;
};

}  // namespace firstseen::kafka
