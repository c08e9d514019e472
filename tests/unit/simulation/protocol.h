#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "kafka/client.h"
#include "process.h"

namespace firstseen::simulation {

/// Passes every call on and checks that the caller keeps the contract of kafka/client.h. Breaches become violations.
class ProtocolChecker final : public kafka::Client {
 public:
  /// `trace` writes every call to stderr.
  ProtocolChecker(std::unique_ptr<kafka::Client> inner, const Process& process, Violations& violations, bool trace)
      : inner_(std::move(inner)), process_(process), violations_(violations), trace_(trace) {}

  Result<kafka::Progress> init_transactions() override;
  Result<void> subscribe(const std::vector<std::string>& topics) override;
  Result<kafka::Taken> take(std::size_t max_messages, Millis wait) override;
  Result<void> assign(std::span<const Position> positions) override;
  Result<void> unassign() override;
  Result<void> rewind(std::span<const Position> positions) override;
  Result<void> pause(std::span<const TopicPartition> partitions) override;
  Result<void> resume(std::span<const TopicPartition> partitions) override;
  Result<kafka::GroupMembership> membership() override;
  Result<void> begin() override;
  Result<kafka::Progress> publish(const MessageView& message, const kafka::Destination& to,
                                  std::span<const kafka::AddedHeader> added) override;
  Result<kafka::Progress> send_offsets(std::span<const kafka::OffsetCommit> offsets,
                                       const kafka::GroupMembership& membership) override;
  Result<kafka::Progress> commit() override;
  Result<kafka::Progress> abort() override;
  std::vector<kafka::DeliveryFailure> failures() override { return inner_->failures(); }
  Result<std::optional<std::vector<kafka::Committed>>> committed(std::span<const TopicPartition> partitions) override;
  Result<std::optional<kafka::Watermarks>> watermarks(const TopicPartition& tp) override;
  Result<std::optional<std::int64_t>> offset_for_time(const TopicPartition& tp, std::int64_t timestamp_ms) override;
  Result<std::optional<std::int32_t>> partition_count(const std::string& topic) override;

 private:
  void breach(const std::string& text);
  void expect(bool kept, const char* call, const char* rule);
  /// Every call: the process lives, the client is not dead, transactions are initialised first.
  void entering(const char* call);
  /// The calls that move a transaction: nothing else between an `again` and its repetition, only abort after a failure.
  void entering_transaction_call(const char* call, const std::string& arguments);
  void leave(const Error* error, const char* call);
  template <class T>
  Result<T> leaving(Result<T> result, const char* call) {
    leave(result ? nullptr : &result.error(), call);
    return result;
  }
  Result<kafka::Progress> leaving_transaction_call(Result<kafka::Progress> result, const char* call,
                                                   const std::string& arguments);
  void expect_assigned(const TopicPartition& tp, const char* call);
  void line(const std::string& text) const;

  std::unique_ptr<kafka::Client> inner_;
  const Process& process_;
  Violations& violations_;
  bool trace_;
  bool initialised_ = false;
  bool subscribed_ = false;
  bool dead_ = false;
  bool open_ = false;
  bool offsets_sent_ = false;
  bool published_ = false;
  bool must_abort_ = false;
  std::string pending_;  // the call and arguments that answered `again`
  std::optional<kafka::Rebalance::Kind> asked_;
  std::set<TopicPartition> assigned_;
};

}  // namespace firstseen::simulation
