#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "kafka/client.h"
#include "process.h"

namespace firstseen::simulation {

/// What the two sides of one client have in common for the checkers of its contract.
struct ProtocolState {
  const Process& process;
  Violations& violations;
  bool transactional = true;
  bool trace = false;  ///< writes every call to stderr

  bool initialised = false;
  bool open = false;          ///< a transaction
  bool acknowledged = false;  ///< at_least_once: offsets may be committed
  std::string pending;        ///< the transaction's call, with its arguments, that answered `again`

  void line(const std::string& text) const;
  void breach(const std::string& text);
  void expect(bool kept, const char* call, const char* rule);
  /// Every call: the process lives, transactions are initialised first.
  void entering(const char* call);
};

/// Passes every call on and checks that the caller keeps the contract of kafka::Consumer. Breaches become violations.
class ConsumerChecker final : public kafka::Consumer {
 public:
  ConsumerChecker(std::unique_ptr<kafka::Consumer> inner, std::shared_ptr<ProtocolState> state)
      : inner_(std::move(inner)), state_(std::move(state)) {}

  Result<void> subscribe(const std::vector<std::string>& topics) override;
  Result<kafka::Taken> take(std::size_t max_messages, Millis wait) override;
  Result<void> assign(std::span<const Position> positions) override;
  Result<void> unassign() override;
  Result<void> rewind(std::span<const Position> positions) override;
  Result<void> pause(std::span<const TopicPartition> partitions) override;
  Result<void> resume(std::span<const TopicPartition> partitions) override;
  Result<kafka::GroupMembership> membership() override;
  Result<kafka::Progress> commit(std::span<const kafka::OffsetCommit> offsets,
                                 const kafka::GroupMembership& membership) override;
  Result<std::optional<std::vector<kafka::Committed>>> committed(std::span<const TopicPartition> partitions) override;
  Result<std::optional<kafka::Watermarks>> watermarks(const TopicPartition& tp) override;
  Result<std::optional<std::int64_t>> uncommitted_end(const TopicPartition& tp) override;
  [[nodiscard]] std::optional<std::int64_t> known_end(const TopicPartition& tp) override {
    return inner_->known_end(tp);
  }
  Result<std::optional<std::int64_t>> offset_for_time(const TopicPartition& tp, std::int64_t timestamp_ms) override;
  Result<std::optional<std::int32_t>> partition_count(const std::string& topic) override;
  Result<std::optional<std::vector<std::int32_t>>> leaderless(const std::string& topic) override;
  Result<std::optional<std::string>> cluster_id() override;

 private:
  void entering(const char* call);
  template <class T>
  Result<T> leaving(Result<T> result, const char* call) {
    if (!result) leave(result.error(), call);
    return result;
  }
  void leave(const Error& error, const char* call);
  void expect_assigned(const TopicPartition& tp, const char* call);

  std::unique_ptr<kafka::Consumer> inner_;
  std::shared_ptr<ProtocolState> state_;
  bool subscribed_ = false;
  bool dead_ = false;
  std::string pending_;  // the offsets of a commit that answered `again`
  std::optional<kafka::Rebalance::Kind> asked_;
  std::set<TopicPartition> assigned_;
};

/// The same for kafka::Publisher.
class PublisherChecker final : public kafka::Publisher {
 public:
  PublisherChecker(std::unique_ptr<kafka::Publisher> inner, std::shared_ptr<ProtocolState> state)
      : inner_(std::move(inner)), state_(std::move(state)) {}

  Result<kafka::Progress> init_transactions() override;
  Result<void> begin() override;
  Result<kafka::Progress> publish(const MessageView& message, const kafka::Destination& to,
                                  std::span<const kafka::AddedHeader> added) override;
  Result<kafka::Progress> send_offsets(std::span<const kafka::OffsetCommit> offsets,
                                       const kafka::GroupMembership& membership) override;
  Result<kafka::Progress> commit() override;
  Result<kafka::Progress> abort() override;
  std::vector<kafka::DeliveryFailure> failures() override { return inner_->failures(); }
  [[nodiscard]] Millis pause_after_commit() const override { return inner_->pause_after_commit(); }
  std::string why_again() override { return inner_->why_again(); }
  void serve() override { inner_->serve(); }

 private:
  void entering(const char* call);
  /// The calls that move a transaction: nothing else between an `again` and its repetition, only abort after a failure.
  void entering_transaction_call(const char* call, const std::string& arguments);
  template <class T>
  Result<T> leaving(Result<T> result, const char* call) {
    if (!result) leave(result.error(), call);
    return result;
  }
  void leave(const Error& error, const char* call);
  Result<kafka::Progress> leaving_transaction_call(Result<kafka::Progress> result, const char* call,
                                                   const std::string& arguments);

  std::unique_ptr<kafka::Publisher> inner_;
  std::shared_ptr<ProtocolState> state_;
  bool dead_ = false;
  bool offsets_sent_ = false;
  bool published_ = false;
  bool must_abort_ = false;
};

/// Both sides of a client, checked. `trace` writes every call to stderr.
kafka::Client checked(kafka::Client client, const Process& process, Violations& violations, bool transactional,
                      bool trace);

}  // namespace firstseen::simulation
