#include "sim_client.h"

#include <utility>

namespace firstseen::simulation {

using kafka::Progress;

void SimNetwork::wait() { cluster_.pass_time(faults_.random().between(1, 1000)); }

Result<Progress> SimNetwork::waited(Result<Progress> progress) {
  if (progress && *progress == Progress::again) wait();
  return progress;
}

bool SimNetwork::unanswered() {
  if (cluster_.reachable() && !faults_.strikes(Fault::no_answer)) return false;
  wait();
  return true;
}

bool SimNetwork::unanswered_by_leader(const TopicPartition& tp) {
  if (unanswered()) return true;
  if (cluster_.has_leader(tp)) return false;
  wait();
  return true;
}

Result<void> SimConsumerSide::subscribe(const std::vector<std::string>& topics) {
  consumer_.subscribe(topics);
  return {};
}

Result<kafka::Taken> SimConsumerSide::take(std::size_t max_messages, Millis wait) {
  if (faults_.strikes(Fault::outage)) cluster_.outage(faults_.random().between(100, 20'000));
  return consumer_.take(max_messages, wait);
}

Result<void> SimConsumerSide::assign(std::span<const Position> positions) {
  consumer_.assign(positions);
  return {};
}

Result<void> SimConsumerSide::unassign() {
  consumer_.unassign();
  return {};
}

Result<void> SimConsumerSide::rewind(std::span<const Position> positions) {
  consumer_.rewind(positions);
  return {};
}

Result<void> SimConsumerSide::pause(std::span<const TopicPartition> partitions) {
  consumer_.pause(partitions, true);
  return {};
}

Result<void> SimConsumerSide::resume(std::span<const TopicPartition> partitions) {
  consumer_.pause(partitions, false);
  return {};
}

std::optional<std::int64_t> SimConsumerSide::known_end(const TopicPartition& tp) { return consumer_.fetched_end(tp); }

Result<Progress> SimConsumerSide::commit(std::span<const kafka::OffsetCommit> offsets,
                                         const kafka::GroupMembership& membership) {
  return network_.waited(try_commit(offsets, *std::static_pointer_cast<const Membership>(membership)));
}

Result<Progress> SimConsumerSide::try_commit(std::span<const kafka::OffsetCommit> offsets,
                                             const Membership& membership) {
  if (batch_->acknowledged == no_txn)
    return fail(Action::restart, Exit::internal, "nothing is acknowledged whose offsets could be committed");
  if (!cluster_.reachable()) return Progress::again;
  if (!membership.member.empty() && !cluster_.group().may_commit(membership.member, membership.generation))
    return fail(Action::abort, Exit::unavailable, "ILLEGAL_GENERATION: the group has moved on");
  const bool unknown = faults_.strikes(Fault::unknown_outcome);
  const bool lost_answer = faults_.strikes(Fault::again);
  const bool arrives = (!unknown && !lost_answer) || faults_.random().chance(500);
  if (arrives) {
    std::map<TopicPartition, OffsetAndMetadata> all;
    for (const kafka::OffsetCommit& offset : offsets) all[offset.tp] = {offset.next_offset, offset.metadata};
    cluster_.commit_offsets(batch_->acknowledged, all);
  }
  if (unknown) return fail(Action::restart, Exit::unavailable, "_TIMED_OUT: the outcome of the commit is not known");
  return lost_answer ? Progress::again : Progress::done;
}

Result<std::optional<std::vector<kafka::Committed>>> SimConsumerSide::committed(
    std::span<const TopicPartition> partitions) {
  if (network_.unanswered()) return std::optional<std::vector<kafka::Committed>>{};
  std::vector<kafka::Committed> all;
  for (const TopicPartition& tp : partitions) {
    if (cluster_.pending(tp)) {
      network_.wait();
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

Result<std::optional<kafka::Watermarks>> SimConsumerSide::watermarks(const TopicPartition& tp) {
  if (network_.unanswered_by_leader(tp)) return std::optional<kafka::Watermarks>{};
  const PartitionLog* log = cluster_.log(tp);
  if (log == nullptr) return fail(Exit::config, "unknown topic or partition " + to_string(tp));
  return std::optional(kafka::Watermarks{log->start(), log->last_stable()});
}

Result<std::optional<std::int64_t>> SimConsumerSide::uncommitted_end(const TopicPartition& tp) {
  if (network_.unanswered_by_leader(tp)) return std::optional<std::int64_t>{};
  const PartitionLog* log = cluster_.log(tp);
  if (log == nullptr) return fail(Exit::config, "unknown topic or partition " + to_string(tp));
  return std::optional(log->end());
}

Result<std::optional<std::int64_t>> SimConsumerSide::offset_for_time(const TopicPartition& tp,
                                                                     std::int64_t timestamp_ms) {
  if (network_.unanswered_by_leader(tp)) return std::optional<std::int64_t>{};
  const PartitionLog* log = cluster_.log(tp);
  if (log == nullptr) return fail(Exit::config, "unknown topic or partition " + to_string(tp));
  std::int64_t offset = log->start();
  while (offset < log->last_stable() && (log->at(offset).marker || log->at(offset).record.timestamp_ms < timestamp_ms))
    ++offset;
  return std::optional(offset);
}

Result<std::optional<std::int32_t>> SimConsumerSide::partition_count(const std::string& topic) {
  if (network_.unanswered()) return std::optional<std::int32_t>{};
  return std::optional(cluster_.partition_count(topic));
}

Result<std::optional<std::vector<std::int32_t>>> SimConsumerSide::leaderless(const std::string& topic) {
  if (network_.unanswered()) return std::optional<std::vector<std::int32_t>>{};
  return std::optional(cluster_.leaderless(topic));
}

Result<std::optional<std::string>> SimConsumerSide::cluster_id() {
  if (cluster_.reachable()) return std::optional(cluster_.id());
  network_.wait();
  return std::optional<std::string>{};
}

kafka::Client make_sim_client(SimCluster& cluster, Faults& faults, const Process& process,
                              const kafka::ClientOptions& options) {
  auto batch = std::make_shared<SimBatch>();
  kafka::Client client;
  client.consumer = std::make_unique<SimConsumerSide>(cluster, faults, process, options.instance_id, batch);
  client.publisher =
      std::make_unique<SimPublisherSide>(cluster, faults, process, options.transactional_id,
                                         options.guarantee == kafka::Guarantee::exactly_once, std::move(batch));
  return client;
}

}  // namespace firstseen::simulation
