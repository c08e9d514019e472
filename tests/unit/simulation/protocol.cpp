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

void ProtocolState::line(const std::string& text) const {
  if (trace) std::fprintf(stderr, "%s %s\n", process.name.c_str(), text.c_str());
}

void ProtocolState::breach(const std::string& text) {
  line("BREACH " + text);
  violations.add("contract of kafka::Client broken by " + process.name + ": " + text);
}

void ProtocolState::expect(bool kept, const char* call, const char* rule) {
  if (!kept) breach(std::string(call) + ": " + rule);
}

void ProtocolState::entering(const char* call) {
  expect(process.alive, call, "called after the process was killed");
  expect(initialised, call, "called before init_transactions is done");
}

// --- the consumer ---

void ConsumerChecker::entering(const char* call) {
  state_->entering(call);
  state_->expect(!dead_, call, "called after a call asked for a restart");
}

void ConsumerChecker::leave(const Error& error, const char* call) {
  state_->line(std::string(call) + " -> " + error.message);
  if (error.action == Action::restart) dead_ = true;
}

Result<void> ConsumerChecker::subscribe(const std::vector<std::string>& topics) {
  entering("subscribe");
  state_->expect(!subscribed_, "subscribe", "called twice");
  subscribed_ = true;
  state_->line("subscribe");
  return leaving(inner_->subscribe(topics), "subscribe");
}

Result<kafka::Taken> ConsumerChecker::take(std::size_t max_messages, Millis wait) {
  entering("take");
  state_->expect(subscribed_, "take", "called before subscribe");
  auto taken = inner_->take(max_messages, wait);
  if (taken) {
    for (const MessageView& message : taken->messages)
      state_->line("took " + std::string(message.topic) + "[" + std::to_string(message.partition) + "]@" +
                   std::to_string(message.offset) + " " + std::string(message.value.value_or("null").substr(0, 30)));
    for (const kafka::PartitionEvent& event : taken->events)
      state_->line("event " + std::to_string(static_cast<int>(event.kind)) + " " + to_string(event.tp) + "@" +
                   std::to_string(event.offset));
    if (taken->rebalance) {
      asked_ = taken->rebalance->kind;
      state_->line("rebalance " + std::to_string(static_cast<int>(*asked_)) + text_of(taken->rebalance->partitions));
    }
  }
  return leaving(std::move(taken), "take");
}

Result<void> ConsumerChecker::assign(std::span<const Position> positions) {
  entering("assign");
  state_->expect(!state_->open, "assign", "called with a transaction open");
  state_->expect(!asked_ || *asked_ == Rebalance::Kind::assigned, "assign", "called as the answer to a revocation");
  asked_.reset();
  assigned_.clear();
  for (const Position& position : positions) assigned_.insert(position.tp);
  state_->line("assign" + text_of(positions));
  return leaving(inner_->assign(positions), "assign");
}

Result<void> ConsumerChecker::unassign() {
  entering("unassign");
  state_->expect(!state_->open, "unassign", "called with a transaction open");
  state_->expect(asked_ && *asked_ != Rebalance::Kind::assigned, "unassign", "called without a revocation");
  asked_.reset();
  assigned_.clear();
  state_->line("unassign");
  return leaving(inner_->unassign(), "unassign");
}

void ConsumerChecker::expect_assigned(const TopicPartition& tp, const char* call) {
  if (!assigned_.contains(tp)) state_->breach(std::string(call) + " of " + to_string(tp) + ", which is not assigned");
}

Result<void> ConsumerChecker::rewind(std::span<const Position> positions) {
  entering("rewind");
  for (const Position& position : positions) expect_assigned(position.tp, "rewind");
  state_->line("rewind" + text_of(positions));
  return leaving(inner_->rewind(positions), "rewind");
}

Result<void> ConsumerChecker::pause(std::span<const TopicPartition> partitions) {
  entering("pause");
  for (const TopicPartition& tp : partitions) expect_assigned(tp, "pause");
  state_->line("pause" + text_of(partitions));
  return leaving(inner_->pause(partitions), "pause");
}

Result<void> ConsumerChecker::resume(std::span<const TopicPartition> partitions) {
  entering("resume");
  for (const TopicPartition& tp : partitions) expect_assigned(tp, "resume");
  state_->line("resume" + text_of(partitions));
  return leaving(inner_->resume(partitions), "resume");
}

Result<kafka::GroupMembership> ConsumerChecker::membership() {
  entering("membership");
  return leaving(inner_->membership(), "membership");
}

Result<Progress> ConsumerChecker::commit(std::span<const kafka::OffsetCommit> offsets,
                                         const kafka::GroupMembership& membership) {
  const std::string arguments = text_of(offsets);
  entering("commit offsets");
  state_->expect(state_->acknowledged, "commit offsets", "called before everything is acknowledged");
  state_->expect(pending_.empty() || pending_ == arguments, "commit offsets", "other offsets after again");
  state_->expect(membership != nullptr, "commit offsets", "without a membership");
  auto result = inner_->commit(offsets, membership);
  pending_ = result && *result == Progress::again ? arguments : "";
  state_->line("commit offsets" + arguments + (pending_.empty() ? "" : " -> again"));
  if (result && *result == Progress::done) state_->acknowledged = state_->open = false;
  return leaving(std::move(result), "commit offsets");
}

Result<std::optional<std::vector<kafka::Committed>>> ConsumerChecker::committed(
    std::span<const TopicPartition> partitions) {
  entering("committed");
  state_->expect(!state_->open, "committed", "the decision rule and assignment work run with no transaction open");
  auto result = leaving(inner_->committed(partitions), "committed");
  if (!result || !*result) {
    state_->line("committed" + text_of(partitions) + " -> no answer");
    return result;
  }
  std::string answer;
  for (const kafka::Committed& one : **result)
    answer += " " + to_string(one.tp) + "@" + std::to_string(one.offset.value_or(-1)) + "'" + one.metadata + "'";
  state_->line("committed ->" + answer);
  return result;
}

Result<std::optional<kafka::Watermarks>> ConsumerChecker::watermarks(const TopicPartition& tp) {
  entering("watermarks");
  return leaving(inner_->watermarks(tp), "watermarks");
}

Result<std::optional<std::int64_t>> ConsumerChecker::uncommitted_end(const TopicPartition& tp) {
  entering("uncommitted_end");
  return leaving(inner_->uncommitted_end(tp), "uncommitted_end");
}

Result<std::optional<std::int64_t>> ConsumerChecker::offset_for_time(const TopicPartition& tp,
                                                                     std::int64_t timestamp_ms) {
  entering("offset_for_time");
  return leaving(inner_->offset_for_time(tp, timestamp_ms), "offset_for_time");
}

Result<std::optional<std::int32_t>> ConsumerChecker::partition_count(const std::string& topic) {
  entering("partition_count");
  return leaving(inner_->partition_count(topic), "partition_count");
}

Result<std::optional<std::vector<std::int32_t>>> ConsumerChecker::leaderless(const std::string& topic) {
  entering("leaderless");
  return leaving(inner_->leaderless(topic), "leaderless");
}

Result<std::optional<std::string>> ConsumerChecker::cluster_id() {
  entering("cluster_id");
  return leaving(inner_->cluster_id(), "cluster_id");
}

// --- the publisher ---

void PublisherChecker::entering(const char* call) {
  state_->entering(call);
  state_->expect(!dead_, call, "called after a call asked for a restart");
}

void PublisherChecker::entering_transaction_call(const char* call, const std::string& arguments) {
  entering(call);
  state_->expect(state_->open, call, "called without a transaction");
  const std::string now = call + arguments;
  const bool gives_up_publishing = now == "abort" && state_->pending.starts_with("publish");
  if (!state_->pending.empty() && state_->pending != now && !gives_up_publishing)
    state_->breach(now + " called although " + state_->pending + " answered again");
}

void PublisherChecker::leave(const Error& error, const char* call) {
  state_->line(std::string(call) + " -> " + error.message);
  if (error.action == Action::restart) dead_ = true;
  if (error.action == Action::abort) must_abort_ = true;
}

Result<Progress> PublisherChecker::leaving_transaction_call(Result<Progress> result, const char* call,
                                                            const std::string& arguments) {
  state_->pending = result && *result == Progress::again ? call + arguments : "";
  state_->line(call + arguments + (state_->pending.empty() ? "" : " -> again"));
  return leaving(std::move(result), call);
}

Result<Progress> PublisherChecker::init_transactions() {
  state_->expect(state_->process.alive, "init_transactions", "called after the process was killed");
  state_->expect(!state_->initialised && !dead_, "init_transactions", "not the first call of a new client");
  auto result = inner_->init_transactions();
  if (result && *result == Progress::done) state_->initialised = true;
  state_->line("init_transactions");
  return leaving(std::move(result), "init_transactions");
}

Result<void> PublisherChecker::begin() {
  entering("begin");
  state_->expect(!state_->open, "begin", "a transaction is open already");
  state_->open = true;
  offsets_sent_ = published_ = must_abort_ = false;
  state_->line("begin");
  return leaving(inner_->begin(), "begin");
}

Result<Progress> PublisherChecker::publish(const MessageView& message, const kafka::Destination& to,
                                           std::span<const kafka::AddedHeader> added) {
  const std::string arguments = " " + std::string(message.topic) + "[" + std::to_string(message.partition) + "]@" +
                                std::to_string(message.offset) + " to " + std::string(to.topic);
  entering_transaction_call("publish", arguments);
  state_->expect(!must_abort_, "publish", "only abort may follow a failure");
  state_->expect(!offsets_sent_, "publish", "after send_offsets");
  published_ = true;
  return leaving_transaction_call(inner_->publish(message, to, added), "publish", arguments);
}

Result<Progress> PublisherChecker::send_offsets(std::span<const kafka::OffsetCommit> offsets,
                                                const kafka::GroupMembership& membership) {
  const std::string arguments = text_of(offsets);
  entering_transaction_call("send_offsets", arguments);
  state_->expect(!must_abort_, "send_offsets", "only abort may follow a failure");
  state_->expect(membership != nullptr, "send_offsets", "without a membership");
  offsets_sent_ = true;
  return leaving_transaction_call(inner_->send_offsets(offsets, membership), "send_offsets", arguments);
}

Result<Progress> PublisherChecker::commit() {
  entering_transaction_call("commit", "");
  state_->expect(!must_abort_, "commit", "only abort may follow a failure");
  state_->expect(offsets_sent_ || !published_, "commit", "messages without offsets");
  auto result = leaving_transaction_call(inner_->commit(), "commit", "");
  if (result && *result == Progress::done) {
    state_->open = !state_->transactional;
    state_->acknowledged = !state_->transactional;
  }
  return result;
}

Result<Progress> PublisherChecker::abort() {
  entering_transaction_call("abort", "");
  auto result = leaving_transaction_call(inner_->abort(), "abort", "");
  if (result && *result == Progress::done) state_->open = state_->acknowledged = must_abort_ = false;
  return result;
}

kafka::Client checked(kafka::Client client, const Process& process, Violations& violations, bool transactional,
                      bool trace) {
  auto state = std::make_shared<ProtocolState>(
      ProtocolState{process, violations, transactional, trace, false, false, false, {}});
  kafka::Client outer;
  outer.consumer = std::make_unique<ConsumerChecker>(std::move(client.consumer), state);
  outer.publisher = std::make_unique<PublisherChecker>(std::move(client.publisher), std::move(state));
  return outer;
}

}  // namespace firstseen::simulation
