// The transaction coordinator of the simulated cluster.
#include <utility>

#include "cluster.h"

namespace firstseen::simulation {

SimCluster::Answer SimCluster::init_producer(const std::string& id, std::int32_t& epoch) {
  Producer& producer = producers_[id];
  if (producer.last != no_txn) {
    Txn& last = txns_.at(producer.last);
    if (last.status == Status::committing || last.status == Status::aborting) return Answer::busy;
    if (last.status == Status::open) {
      last.status = Status::aborting;
      complete(last, producer.last);
    }
  }
  epoch = ++producer.epoch;
  return Answer::ok;
}

bool SimCluster::current(const std::string& id, std::int32_t epoch) const {
  const auto found = producers_.find(id);
  return found != producers_.end() && found->second.epoch == epoch;
}

SimCluster::Answer SimCluster::open(const std::string& id, std::int32_t epoch, const std::string& who, TxnId& txn) {
  if (!current(id, epoch)) return Answer::fenced;
  Producer& producer = producers_.at(id);
  if (producer.last != no_txn && !decided(producer.last)) return Answer::busy;
  txn = static_cast<TxnId>(txns_.size()) + 1;
  txns_[txn] = Txn{id, epoch, who, Status::open, clock_.steady_ms(), {}, {}};
  undecided_.insert(txn);
  producer.last = txn;
  return Answer::ok;
}

TxnId SimCluster::open_batch(const std::string& who) {
  const TxnId batch = static_cast<TxnId>(txns_.size()) + 1;
  txns_[batch] = Txn{"", 0, who, Status::open, clock_.steady_ms(), {}, {}};
  return batch;
}

void SimCluster::write(TxnId id, const TopicPartition& tp, Record record) {
  PartitionLog* target = log(tp);
  if (target == nullptr) return;
  Txn& txn = txns_.at(id);
  if (txn.producer.empty()) {
    target->append(std::move(record), id);
    return;
  }
  txn.partitions.insert(tp);
  target->append_transactional(std::move(record), id);
}

void SimCluster::add_offsets(TxnId txn, const std::map<TopicPartition, OffsetAndMetadata>& offsets) {
  for (const auto& [tp, to] : offsets) txns_.at(txn).offsets[tp] = to;
}

SimCluster::Answer SimCluster::end(TxnId id, bool commit) {
  Txn& txn = txns_.at(id);
  if (!current(txn.producer, txn.epoch) || txn.status != Status::open) return Answer::fenced;
  txn.status = commit ? Status::committing : Status::aborting;
  if (!random_.chance(delay_permille_)) complete(txn, id);
  return Answer::ok;
}

void SimCluster::end_later(TxnId txn) { late_commits_.insert(txn); }

void SimCluster::complete(Txn& txn, TxnId id) {
  const bool commit = txn.status == Status::committing;
  for (const TopicPartition& tp : txn.partitions) {
    if (PartitionLog* target = log(tp)) target->append_marker(id, commit);
  }
  txn.status = commit ? Status::committed : Status::aborted;
  undecided_.erase(id);
  if (!commit) return;
  for (const auto& [tp, to] : txn.offsets) change_offset(tp, to, id, txn.who);
}

void SimCluster::complete_delayed() {
  std::erase_if(late_commits_, [&](TxnId id) {
    if (random_.chance(delay_permille_)) return false;
    static_cast<void>(end(id, true));
    return true;
  });
  const std::set<TxnId> waiting = undecided_;
  for (const TxnId id : waiting) {
    Txn& txn = txns_.at(id);
    if (txn.status != Status::open && !random_.chance(delay_permille_)) complete(txn, id);
  }
}

void SimCluster::settle_down() {
  delay_permille_ = 0;
  refused_.clear();
  leader_lost_.clear();
  complete_delayed();
}

void SimCluster::time_out_transactions() {
  const std::set<TxnId> waiting = undecided_;
  for (const TxnId id : waiting) {
    Txn& txn = txns_.at(id);
    if (txn.status != Status::open || clock_.steady_ms() - txn.since_ms < transaction_timeout_ms) continue;
    ++producers_.at(txn.producer).epoch;
    txn.status = Status::aborting;
    complete(txn, id);
  }
}

}  // namespace firstseen::simulation
