#include "sim_client.h"

#include <utility>

namespace firstseen::simulation {

using kafka::Progress;

Result<Progress> SimClient::waited(Result<Progress> progress) {
  if (progress && *progress == Progress::again) cluster_.pass_time(faults_.random().between(1, 1000));
  return progress;
}

bool SimClient::unanswered() {
  if (cluster_.reachable() && !faults_.strikes(Fault::no_answer)) return false;
  cluster_.pass_time(faults_.random().between(1, 1000));
  return true;
}

Result<void> SimClient::subscribe(const std::vector<std::string>& topics) {
  consumer_.subscribe(topics);
  return {};
}

Result<kafka::Taken> SimClient::take(std::size_t max_messages, Millis wait) {
  if (faults_.strikes(Fault::outage)) cluster_.outage(faults_.random().between(100, 20'000));
  return consumer_.take(max_messages, wait);
}

Result<void> SimClient::assign(std::span<const Position> positions) {
  consumer_.assign(positions);
  return {};
}

Result<void> SimClient::unassign() {
  consumer_.unassign();
  return {};
}

Result<void> SimClient::rewind(std::span<const Position> positions) {
  consumer_.rewind(positions);
  return {};
}

Result<void> SimClient::pause(std::span<const TopicPartition> partitions) {
  consumer_.pause(partitions, true);
  return {};
}

Result<void> SimClient::resume(std::span<const TopicPartition> partitions) {
  consumer_.pause(partitions, false);
  return {};
}

Result<Progress> SimClient::send_offsets(std::span<const kafka::OffsetCommit> offsets,
                                         const kafka::GroupMembership& membership) {
  return waited(producer_.send_offsets(offsets, *std::static_pointer_cast<const Membership>(membership)));
}

Result<std::optional<std::vector<kafka::Committed>>> SimClient::committed(std::span<const TopicPartition> partitions) {
  if (unanswered()) return std::optional<std::vector<kafka::Committed>>{};
  std::vector<kafka::Committed> all;
  for (const TopicPartition& tp : partitions) {
    if (cluster_.pending(tp)) {
      cluster_.pass_time(faults_.random().between(1, 1000));
      return std::optional<std::vector<kafka::Committed>>{};
    }
    kafka::Committed one{tp, std::nullopt, ""};
    if (auto known = cluster_.committed_offset(tp)) {
      one.offset = known->offset;
      one.metadata = std::move(known->metadata);
    }
    all.push_back(std::move(one));
  }
  return std::optional(std::move(all));
}

Result<std::optional<kafka::Watermarks>> SimClient::watermarks(const TopicPartition& tp) {
  if (unanswered()) return std::optional<kafka::Watermarks>{};
  const PartitionLog* log = cluster_.log(tp);
  if (log == nullptr) return fail(Exit::config, "unknown topic or partition " + to_string(tp));
  return std::optional(kafka::Watermarks{log->start(), log->last_stable()});
}

Result<std::optional<std::int64_t>> SimClient::offset_for_time(const TopicPartition& tp, std::int64_t timestamp_ms) {
  if (unanswered()) return std::optional<std::int64_t>{};
  const PartitionLog* log = cluster_.log(tp);
  if (log == nullptr) return fail(Exit::config, "unknown topic or partition " + to_string(tp));
  std::int64_t offset = log->start();
  while (offset < log->last_stable() && (log->at(offset).marker || log->at(offset).record.timestamp_ms < timestamp_ms))
    ++offset;
  return std::optional(offset);
}

Result<std::optional<std::int32_t>> SimClient::partition_count(const std::string& topic) {
  if (unanswered()) return std::optional<std::int32_t>{};
  return std::optional(cluster_.partition_count(topic));
}

}  // namespace firstseen::simulation
