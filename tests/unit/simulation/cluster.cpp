#include "cluster.h"

#include <algorithm>
#include <utility>

namespace firstseen::simulation {

SimCluster::SimCluster(SimClock& clock, Random random)
    : clock_(clock), random_(random), group_([this](const std::string& topic) { return partition_count(topic); }) {}

void SimCluster::create_topic(const std::string& name, std::int32_t partitions, TopicSettings settings) {
  topics_[name] = Topic{settings, std::vector<PartitionLog>(static_cast<std::size_t>(partitions))};
}

void SimCluster::delete_topic(const std::string& name, bool keep_offsets) {
  const std::int32_t partitions = partition_count(name);
  topics_.erase(name);
  std::erase_if(deliveries_, [&](const auto& delivery) { return delivery.first.tp.topic == name; });
  if (keep_offsets) return;
  for (std::int32_t p = 0; p < partitions; ++p) set_offset({name, p}, std::nullopt);
}

void SimCluster::add_partitions(const std::string& name, std::int32_t partitions) {
  auto& logs = topics_.at(name).logs;
  logs.resize(logs.size() + static_cast<std::size_t>(partitions));
  group_.topics_changed(clock_.steady_ms());
}

void SimCluster::refuse(const TopicPartition& tp, bool refused) {
  refused ? static_cast<void>(refused_.insert(tp)) : static_cast<void>(refused_.erase(tp));
}

void SimCluster::lose_leader(const TopicPartition& tp, bool lost, bool told) {
  leader_lost_.erase(tp);
  if (lost) leader_lost_[tp] = told;
}

std::vector<std::int32_t> SimCluster::leaderless(const std::string& topic) const {
  std::vector<std::int32_t> partitions;
  for (const auto& [tp, told] : leader_lost_) {
    if (told && tp.topic == topic) partitions.push_back(tp.partition);
  }
  return partitions;
}

void SimCluster::damage(const Position& position, bool damaged) {
  damaged ? static_cast<void>(damaged_.insert(position)) : static_cast<void>(damaged_.erase(position));
}

std::int32_t SimCluster::partition_count(const std::string& topic) const {
  const auto found = topics_.find(topic);
  return found == topics_.end() ? 0 : static_cast<std::int32_t>(found->second.logs.size());
}

PartitionLog* SimCluster::log(const TopicPartition& tp) {
  if (tp.partition < 0 || tp.partition >= partition_count(tp.topic)) return nullptr;
  return &topics_.at(tp.topic).logs[static_cast<std::size_t>(tp.partition)];
}

void SimCluster::commit_offsets(TxnId batch, const std::map<TopicPartition, OffsetAndMetadata>& offsets) {
  Txn& txn = txns_.at(batch);
  txn.status = Status::committed;
  for (const auto& [tp, to] : offsets) change_offset(tp, to, batch, txn.who);
}

std::optional<OffsetAndMetadata> SimCluster::committed_offset(const TopicPartition& tp) const {
  const auto found = offsets_.find(tp);
  return found == offsets_.end() ? std::nullopt : std::optional(found->second);
}

bool SimCluster::pending(const TopicPartition& tp) const {
  return std::any_of(undecided_.begin(), undecided_.end(), [&](TxnId id) { return txns_.at(id).offsets.contains(tp); });
}

void SimCluster::set_offset(const TopicPartition& tp, std::optional<std::int64_t> offset) {
  change_offset(tp, offset ? std::optional(OffsetAndMetadata{*offset, ""}) : std::nullopt, no_txn, "operator");
}

void SimCluster::delete_group() {
  group_.clear();
  while (!offsets_.empty()) set_offset(TopicPartition(offsets_.begin()->first), std::nullopt);
}

void SimCluster::change_offset(const TopicPartition& tp, std::optional<OffsetAndMetadata> to, TxnId txn,
                               const std::string& who) {
  OffsetChange change{tp, std::nullopt, std::nullopt, "", txn, who};
  if (const auto before = committed_offset(tp)) change.before = before->offset;
  if (to) {
    change.after = to->offset;
    change.metadata = to->metadata;
    offsets_[tp] = *std::move(to);
  } else {
    offsets_.erase(tp);
  }
  offset_changes_.push_back(std::move(change));
}

void SimCluster::pass_time(std::int64_t ms) {
  clock_.advance(ms);
  for (Background* client : clients_) client->heartbeat();
  complete_delayed();
  time_out_transactions();
  group_.expire(clock_.steady_ms());
}

void SimCluster::note_delivery(const Position& position, std::int64_t wall_low_ms, std::int64_t wall_high_ms) {
  const std::int64_t now = clock_.steady_ms();
  const auto [found, first] = deliveries_.try_emplace(position, Delivery{wall_low_ms, wall_high_ms, now, now, false});
  Delivery& delivery = found->second;
  delivery.wall_low_ms = std::min(delivery.wall_low_ms, wall_low_ms);
  delivery.wall_high_ms = std::max(delivery.wall_high_ms, wall_high_ms);
  delivery.last_ms = now;
  const auto committed = committed_offset(position.tp);
  if (committed && committed->offset > position.offset) delivery.as_history = true;
}

const Delivery* SimCluster::delivery(const Position& position) const {
  const auto found = deliveries_.find(position);
  return found == deliveries_.end() ? nullptr : &found->second;
}

}  // namespace firstseen::simulation
