#include "sim_producer.h"

#include <algorithm>
#include <utility>

namespace firstseen::simulation {

using kafka::Progress;

namespace {

auto dead(const char* why, bool fenced = false) {
  return tl::unexpected<Error>(Error{Action::restart, Exit::unavailable, why, fenced});
}
auto abortable(const char* why) { return fail(Action::abort, Exit::unavailable, why); }

std::size_t size_of(const Record& record) {
  return (record.key ? record.key->size() : 0) + (record.value ? record.value->size() : 0);
}

/// The client's own copy of a consumed message; `native` is the record that was delivered.
Record copy_of(const MessageView& message, std::span<const kafka::AddedHeader> added) {
  Record record;
  if (message.key) record.key = std::string(*message.key);
  if (message.value) record.value = std::string(*message.value);
  record.timestamp_ms = message.timestamp_ms;
  if (message.native != nullptr) {
    record.headers = static_cast<const Record*>(message.native)->headers;
  } else {
    for (const HeaderView& header : message.headers) {
      record.headers.push_back(
          {std::string(header.name), header.value ? std::optional(std::string(*header.value)) : std::nullopt});
    }
  }
  for (const kafka::AddedHeader& header : added) record.headers.push_back({std::string(header.name), header.value});
  return record;
}

}  // namespace

SimProducer::SimProducer(SimCluster& cluster, Faults& faults, const Process& process, std::string transactional_id,
                         bool transactional, std::shared_ptr<SimBatch> batch)
    : cluster_(cluster),
      faults_(faults),
      process_(process),
      id_(std::move(transactional_id)),
      transactional_(transactional),
      batch_(std::move(batch)) {}

SimProducer::~SimProducer() {
  const bool fenced = transactional_ && !cluster_.current(id_, epoch_);
  if (txn_ != no_txn && !must_abort_ && !ended_ && !fenced && cluster_.reachable())
    flush(faults_.random().below(queue_.size() + 1));
}

Result<Progress> SimProducer::init() {
  if (!transactional_) return Progress::done;
  if (!cluster_.reachable() || faults_.strikes(Fault::again)) return Progress::again;
  if (cluster_.init_producer(id_, epoch_) == SimCluster::Answer::busy) return Progress::again;
  return Progress::done;
}

Result<void> SimProducer::begin() {
  txn_ = no_txn;
  must_abort_ = false;
  ended_ = false;
  queue_.clear();
  failures_.clear();
  if (!transactional_) txn_ = cluster_.open_batch(process_.name);
  return {};
}

Result<Progress> SimProducer::ensure_open() {
  if (!cluster_.reachable()) return Progress::again;
  if (!transactional_) return Progress::done;
  if (!cluster_.current(id_, epoch_)) return dead("_FENCED: the producer was fenced by a newer instance", true);
  if (txn_ != no_txn) {
    if (cluster_.decided(txn_)) return dead("_FENCED: the transaction timed out", true);
    return Progress::done;
  }
  return cluster_.open(id_, epoch_, process_.name, txn_) == SimCluster::Answer::busy ? Progress::again : Progress::done;
}

std::int32_t SimProducer::partition_of(const MessageView& message, const kafka::Destination& to) {
  if (to.partition >= 0) return to.partition;
  const std::int32_t partitions = cluster_.partition_count(std::string(to.topic));
  if (message.key) return murmur2_partition(*message.key, partitions);
  return static_cast<std::int32_t>(faults_.random().below(static_cast<std::uint64_t>(partitions)));
}

Result<Progress> SimProducer::publish(const MessageView& message, const kafka::Destination& to,
                                      std::span<const kafka::AddedHeader> added) {
  if (must_abort_) return abortable("_STATE: the transaction has failed already");
  if (faults_.strikes(Fault::fatal)) return dead("_FATAL: simulated");
  if (queue_.size() >= queue_limit || faults_.strikes(Fault::queue_full)) {
    if (ensure_open() == Progress::done) flush(queue_.size());
    return Progress::again;
  }
  Queued queued{{std::string(to.topic), partition_of(message, to)},
                copy_of(message, added),
                {{std::string(message.topic), message.partition}, message.offset}};
  if (size_of(queued.record) > client_max_message_bytes) {
    failures_.push_back({queued.source, true, true, "MSG_SIZE_TOO_LARGE: refused by the client"});
    return abortable("MSG_SIZE_TOO_LARGE: refused by the client");
  }
  if (cluster_.log(queued.to) == nullptr) {
    failures_.push_back({queued.source, false, false, "_UNKNOWN_PARTITION"});
    return abortable("_UNKNOWN_PARTITION");
  }
  queue_.push_back(std::move(queued));
  if (faults_.strikes(Fault::flush_early) && ensure_open() == Progress::done)
    flush(faults_.random().below(queue_.size() + 1));
  return Progress::done;
}

void SimProducer::flush(std::size_t most) {
  while (most > 0 && !queue_.empty()) {
    const TopicPartition to = queue_.front().to;
    std::size_t size = std::min<std::size_t>(most, faults_.random().below(8) + 1);
    std::vector<Queued> batch;
    for (auto it = queue_.begin(); it != queue_.end() && size > 0;) {
      if (it->to != to) {
        ++it;
        continue;
      }
      batch.push_back(std::move(*it));
      it = queue_.erase(it);
      --size;
      --most;
    }
    produce_batch(std::move(batch));
  }
}

void SimProducer::produce_batch(std::vector<Queued> batch) {
  const TopicSettings& settings = cluster_.settings(batch.front().to.topic);
  const std::int64_t latest = cluster_.clock().true_ms() + settings.max_ahead_ms;
  const bool too_large = std::any_of(
      batch.begin(), batch.end(), [&](const Queued& one) { return size_of(one.record) > settings.max_message_bytes; });
  const bool too_new =
      std::any_of(batch.begin(), batch.end(), [&](const Queued& one) { return one.record.timestamp_ms > latest; });
  // A failed idempotent batch fails what comes behind it in its partition, too.
  for (Queued& one : batch) {
    if (too_large || too_new) {
      must_abort_ = true;
      failures_.push_back({one.source, true, too_large && batch.size() == 1,
                           too_large ? "MSG_SIZE_TOO_LARGE: refused by the broker" : "INVALID_TIMESTAMP"});
    } else if (must_abort_) {
      failures_.push_back({one.source, false, false, "_PURGE_QUEUE"});
    } else {
      cluster_.write(txn_, one.to, std::move(one.record));
    }
  }
}

Result<Progress> SimProducer::send_offsets(std::span<const kafka::OffsetCommit> offsets, const Membership& membership) {
  if (must_abort_) return abortable("_STATE: the transaction has failed already");
  if (faults_.strikes(Fault::fatal)) return dead("_FATAL: simulated");
  auto opened = ensure_open();
  if (!opened || *opened == Progress::again) return opened;
  if (!transactional_) {
    flush(queue_.size());
    if (must_abort_) return abortable("a delivery failed");
  }
  if (transactional_ && !membership.member.empty() &&
      !cluster_.group().may_commit(membership.member, membership.generation)) {
    must_abort_ = true;
    return abortable("ILLEGAL_GENERATION: the group has moved on");
  }
  if (faults_.strikes(Fault::abortable)) {
    must_abort_ = true;
    return abortable("_TIMED_OUT: simulated, must abort");
  }
  const bool lost_answer = faults_.strikes(Fault::again);
  if (lost_answer && faults_.random().chance(500)) return Progress::again;
  if (transactional_) {
    std::map<TopicPartition, OffsetAndMetadata> all;
    for (const kafka::OffsetCommit& offset : offsets) all[offset.tp] = {offset.next_offset, offset.metadata};
    cluster_.add_offsets(txn_, all);
  }
  return lost_answer ? Progress::again : Progress::done;
}

Result<Progress> SimProducer::commit() {
  if (ended_) return Progress::done;
  if (must_abort_) return abortable("the transaction has failed");
  if (!transactional_) {
    batch_->acknowledged = txn_;
    ended_ = true;
    return Progress::done;
  }
  if (faults_.strikes(Fault::fatal)) return end_unknown();
  const bool nothing_written = txn_ == no_txn && queue_.empty();
  if (nothing_written) return Progress::done;
  auto opened = ensure_open();
  if (!opened || *opened == Progress::again) return opened;
  flush(queue_.size());
  if (must_abort_) return abortable("a delivery failed; the transaction must be aborted");
  if (faults_.strikes(Fault::abortable)) {
    must_abort_ = true;
    return abortable("OUT_OF_ORDER_SEQUENCE_NUMBER: simulated, must abort");
  }
  if (faults_.strikes(Fault::unknown_outcome)) return end_unknown();
  const bool lost_answer = faults_.strikes(Fault::again);
  if (lost_answer && faults_.random().chance(500)) return Progress::again;
  auto decided = decide_commit();
  if (decided && *decided == Progress::done) ended_ = true;
  return decided && lost_answer ? Progress::again : std::move(decided);
}

Result<Progress> SimProducer::decide_commit() {
  if (cluster_.end(txn_, true) == SimCluster::Answer::fenced) return dead("_FENCED by a newer instance", true);
  return Progress::done;
}

/// The request was applied, or was not, or is still under way.
Result<Progress> SimProducer::end_unknown() {
  const bool on_its_way = txn_ != no_txn && ensure_open() == Progress::done;
  if (on_its_way) {
    flush(queue_.size());
    const std::int64_t fate = faults_.random().between(0, 2);
    if (!must_abort_ && fate == 0) static_cast<void>(decide_commit());
    if (!must_abort_ && fate == 1) cluster_.end_later(txn_);
  }
  ended_ = true;
  return dead("_TIMED_OUT: the outcome of the commit is not known");
}

Result<Progress> SimProducer::abort() {
  if (ended_) return Progress::done;
  queue_.clear();
  if (!transactional_ || txn_ == no_txn) {
    ended_ = true;
    return Progress::done;
  }
  if (!cluster_.reachable()) return Progress::again;
  if (faults_.strikes(Fault::fatal)) return dead("_FATAL: simulated");
  auto opened = ensure_open();
  if (!opened || *opened == Progress::again) return opened;
  if (cluster_.end(txn_, false) == SimCluster::Answer::fenced) return dead("_FENCED by a newer instance", true);
  ended_ = true;
  return faults_.strikes(Fault::again) ? Progress::again : Progress::done;
}

std::int32_t murmur2_partition(std::string_view key, std::int32_t partitions) {
  constexpr std::uint32_t m = 0x5bd1e995;
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(key[i])); };
  std::uint32_t h = 0x9747b28cU ^ static_cast<std::uint32_t>(key.size());
  std::size_t i = 0;
  for (; i + 4 <= key.size(); i += 4) {
    std::uint32_t k = byte(i) | byte(i + 1) << 8U | byte(i + 2) << 16U | byte(i + 3) << 24U;
    k *= m;
    k ^= k >> 24U;
    h = (h * m) ^ (k * m);
  }
  const std::size_t rest = key.size() - i;
  if (rest >= 3) h ^= byte(i + 2) << 16U;
  if (rest >= 2) h ^= byte(i + 1) << 8U;
  if (rest >= 1) h = (h ^ byte(i)) * m;
  h ^= h >> 13U;
  h *= m;
  h ^= h >> 15U;
  return static_cast<std::int32_t>((h & 0x7fffffffU) % static_cast<std::uint32_t>(partitions));
}

}  // namespace firstseen::simulation
