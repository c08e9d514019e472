#include "protocol.h"

#include <cstdio>

namespace firstseen::simulation {

using kafka::Progress;
using kafka::Rebalance;

namespace {

std::string text_of(std::span<const Position> positions) {
  std::string text;
  for (const Position& position : positions)
    text += " " + to_string(position.tp) + "@" + std::to_string(position.offset);
  return text;
}

std::string text_of(std::span<const TopicPartition> partitions) {
  std::string text;
  for (const TopicPartition& tp : partitions) text += " " + to_string(tp);
  return text;
}

std::string text_of(std::span<const kafka::OffsetCommit> offsets) {
  std::string text;
  for (const kafka::OffsetCommit& offset : offsets)
    text += " " + to_string(offset.tp) + "@" + std::to_string(offset.next_offset) + "'" + offset.metadata + "'";
  return text;
}

}  // namespace

void ProtocolChecker::line(const std::string& text) const {
  if (trace_) std::fprintf(stderr, "%s %s\n", process_.name.c_str(), text.c_str());
}

void ProtocolChecker::breach(const std::string& text) {
  line("BREACH " + text);
  violations_.add("contract of kafka::Client broken by " + process_.name + ": " + text);
}

void ProtocolChecker::expect(bool kept, const char* call, const char* rule) {
  if (!kept) breach(std::string(call) + ": " + rule);
}

void ProtocolChecker::entering(const char* call) {
  expect(process_.alive, call, "called after the process was killed");
  expect(!dead_, call, "called after a call asked for a restart");
  expect(initialised_, call, "called before init_transactions is done");
}

void ProtocolChecker::entering_transaction_call(const char* call, const std::string& arguments) {
  entering(call);
  expect(open_, call, "called without a transaction");
  const std::string now = call + arguments;
  if (!pending_.empty() && pending_ != now) breach(now + " called although " + pending_ + " answered again");
}

void ProtocolChecker::leave(const Error* error, const char* call) {
  if (error == nullptr) return;
  line(std::string(call) + " -> " + error->message);
  if (error->action == Action::restart) dead_ = true;
  if (error->action == Action::abort) must_abort_ = true;
}

Result<Progress> ProtocolChecker::leaving_transaction_call(Result<Progress> result, const char* call,
                                                           const std::string& arguments) {
  pending_ = result && *result == Progress::again ? call + arguments : "";
  line(call + arguments + (pending_.empty() ? "" : " -> again"));
  return leaving(std::move(result), call);
}

Result<Progress> ProtocolChecker::init_transactions() {
  expect(process_.alive, "init_transactions", "called after the process was killed");
  expect(!initialised_ && !dead_, "init_transactions", "not the first call of a new client");
  auto result = inner_->init_transactions();
  if (result && *result == Progress::done) initialised_ = true;
  line("init_transactions");
  return leaving(std::move(result), "init_transactions");
}

Result<void> ProtocolChecker::subscribe(const std::vector<std::string>& topics) {
  entering("subscribe");
  expect(!subscribed_, "subscribe", "called twice");
  subscribed_ = true;
  line("subscribe");
  return leaving(inner_->subscribe(topics), "subscribe");
}

Result<kafka::Taken> ProtocolChecker::take(std::size_t max_messages, Millis wait) {
  entering("take");
  expect(subscribed_, "take", "called before subscribe");
  auto taken = inner_->take(max_messages, wait);
  if (taken) {
    for (const MessageView& message : taken->messages)
      line("took " + std::string(message.topic) + "[" + std::to_string(message.partition) + "]@" +
           std::to_string(message.offset) + " " + std::string(message.value.value_or("null").substr(0, 30)));
    for (const kafka::PartitionEvent& event : taken->events)
      line("event " + std::to_string(static_cast<int>(event.kind)) + " " + to_string(event.tp) + "@" +
           std::to_string(event.offset));
    if (taken->rebalance) {
      asked_ = taken->rebalance->kind;
      line("rebalance " + std::to_string(static_cast<int>(*asked_)) + text_of(taken->rebalance->partitions));
    }
  }
  return leaving(std::move(taken), "take");
}

Result<void> ProtocolChecker::assign(std::span<const Position> positions) {
  entering("assign");
  expect(!open_, "assign", "called with a transaction open");
  expect(!asked_ || *asked_ == Rebalance::Kind::assigned, "assign", "called as the answer to a revocation");
  asked_.reset();
  assigned_.clear();
  for (const Position& position : positions) assigned_.insert(position.tp);
  line("assign" + text_of(positions));
  return leaving(inner_->assign(positions), "assign");
}

Result<void> ProtocolChecker::unassign() {
  entering("unassign");
  expect(!open_, "unassign", "called with a transaction open");
  expect(asked_ && *asked_ != Rebalance::Kind::assigned, "unassign", "called without a revocation");
  asked_.reset();
  assigned_.clear();
  line("unassign");
  return leaving(inner_->unassign(), "unassign");
}

void ProtocolChecker::expect_assigned(const TopicPartition& tp, const char* call) {
  if (!assigned_.contains(tp)) breach(std::string(call) + " of " + to_string(tp) + ", which is not assigned");
}

Result<void> ProtocolChecker::rewind(std::span<const Position> positions) {
  entering("rewind");
  for (const Position& position : positions) expect_assigned(position.tp, "rewind");
  line("rewind" + text_of(positions));
  return leaving(inner_->rewind(positions), "rewind");
}

Result<void> ProtocolChecker::pause(std::span<const TopicPartition> partitions) {
  entering("pause");
  for (const TopicPartition& tp : partitions) expect_assigned(tp, "pause");
  line("pause" + text_of(partitions));
  return leaving(inner_->pause(partitions), "pause");
}

Result<void> ProtocolChecker::resume(std::span<const TopicPartition> partitions) {
  entering("resume");
  for (const TopicPartition& tp : partitions) expect_assigned(tp, "resume");
  line("resume" + text_of(partitions));
  return leaving(inner_->resume(partitions), "resume");
}

Result<kafka::GroupMembership> ProtocolChecker::membership() {
  entering("membership");
  return leaving(inner_->membership(), "membership");
}

Result<void> ProtocolChecker::begin() {
  entering("begin");
  expect(!open_, "begin", "a transaction is open already");
  open_ = true;
  offsets_sent_ = published_ = must_abort_ = false;
  line("begin");
  return leaving(inner_->begin(), "begin");
}

Result<Progress> ProtocolChecker::publish(const MessageView& message, const kafka::Destination& to,
                                          std::span<const kafka::AddedHeader> added) {
  const std::string arguments = " " + std::string(message.topic) + "[" + std::to_string(message.partition) + "]@" +
                                std::to_string(message.offset) + " to " + std::string(to.topic);
  entering_transaction_call("publish", arguments);
  expect(!must_abort_, "publish", "only abort may follow a failure");
  expect(!offsets_sent_, "publish", "after send_offsets");
  published_ = true;
  return leaving_transaction_call(inner_->publish(message, to, added), "publish", arguments);
}

Result<Progress> ProtocolChecker::send_offsets(std::span<const kafka::OffsetCommit> offsets,
                                               const kafka::GroupMembership& membership) {
  const std::string arguments = text_of(offsets);
  entering_transaction_call("send_offsets", arguments);
  expect(!must_abort_, "send_offsets", "only abort may follow a failure");
  expect(membership != nullptr, "send_offsets", "without a membership");
  offsets_sent_ = true;
  return leaving_transaction_call(inner_->send_offsets(offsets, membership), "send_offsets", arguments);
}

Result<Progress> ProtocolChecker::commit() {
  entering_transaction_call("commit", "");
  expect(!must_abort_, "commit", "only abort may follow a failure");
  expect(offsets_sent_ || !published_, "commit", "messages without offsets");
  auto result = leaving_transaction_call(inner_->commit(), "commit", "");
  if (result && *result == Progress::done) open_ = false;
  return result;
}

Result<Progress> ProtocolChecker::abort() {
  entering_transaction_call("abort", "");
  auto result = leaving_transaction_call(inner_->abort(), "abort", "");
  if (result && *result == Progress::done) open_ = must_abort_ = false;
  return result;
}

Result<std::optional<std::vector<kafka::Committed>>> ProtocolChecker::committed(
    std::span<const TopicPartition> partitions) {
  entering("committed");
  expect(!open_, "committed", "the decision rule and assignment work run with no transaction open");
  auto result = leaving(inner_->committed(partitions), "committed");
  if (!result || !*result) {
    line("committed" + text_of(partitions) + " -> no answer");
    return result;
  }
  std::string answer;
  for (const kafka::Committed& one : **result)
    answer += " " + to_string(one.tp) + "@" + std::to_string(one.offset.value_or(-1)) + "'" + one.metadata + "'";
  line("committed ->" + answer);
  return result;
}

Result<std::optional<kafka::Watermarks>> ProtocolChecker::watermarks(const TopicPartition& tp) {
  entering("watermarks");
  return leaving(inner_->watermarks(tp), "watermarks");
}

Result<std::optional<std::int64_t>> ProtocolChecker::offset_for_time(const TopicPartition& tp,
                                                                     std::int64_t timestamp_ms) {
  entering("offset_for_time");
  return leaving(inner_->offset_for_time(tp, timestamp_ms), "offset_for_time");
}

Result<std::optional<std::int32_t>> ProtocolChecker::partition_count(const std::string& topic) {
  entering("partition_count");
  return leaving(inner_->partition_count(topic), "partition_count");
}

}  // namespace firstseen::simulation
