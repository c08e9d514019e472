#include "sim_consumer.h"

#include <algorithm>
#include <utility>

namespace firstseen::simulation {

using kafka::PartitionEvent;
using kafka::Rebalance;

SimConsumer::SimConsumer(SimCluster& cluster, Faults& faults, const Process& process, std::string instance)
    : cluster_(cluster),
      faults_(faults),
      process_(process),
      instance_(std::move(instance)),
      last_wall_ms_(cluster.clock().wall_ms()) {
  cluster_.attach(this);
}

SimConsumer::~SimConsumer() { cluster_.detach(this); }

void SimConsumer::heartbeat() {
  if (member_.empty() || !process_.alive || process_.suspended || !cluster_.reachable()) return;
  if (faults_.strikes(Fault::lost_assignment)) cluster_.group().evict(member_, cluster_.clock().steady_ms());
  told_ = cluster_.group().heartbeat(member_, cluster_.clock().steady_ms());
}

void SimConsumer::join() {
  member_ = cluster_.group().join(instance_, topics_, cluster_.clock().steady_ms());
  told_ = Group::Told::steady;
  state_ = State::joining;
}

std::optional<Error> SimConsumer::follow_group(std::optional<Rebalance>& asked) {
  if (member_.empty()) join();
  heartbeat();
  if (told_ == Group::Told::fenced)
    return Error{Action::restart, Exit::unavailable, "FENCED_INSTANCE_ID: another process uses this instance id", true};
  if (state_ == State::joining) {
    if (told_ == Group::Told::unknown) join();
    if (told_ == Group::Told::rebalance) cluster_.group().rejoin(member_, cluster_.clock().steady_ms());
    if (!cluster_.group().settled(member_)) return {};
    generation_ = cluster_.group().generation();
    given_ = cluster_.group().assignment(member_);
    state_ = State::asked_to_assign;
    asked = Rebalance{Rebalance::Kind::assigned, given_};
  } else if (state_ == State::active) {
    const bool moved_on = cluster_.group().settled(member_) && cluster_.group().generation() != generation_;
    if (told_ == Group::Told::unknown || moved_on) {
      state_ = State::asked_as_lost;
      asked = Rebalance{Rebalance::Kind::lost, given_};
    } else if (told_ == Group::Told::rebalance) {
      state_ = State::asked_to_revoke;
      asked = Rebalance{Rebalance::Kind::revoked, given_};
    }
  }
  return {};
}

Result<kafka::Taken> SimConsumer::take(std::size_t max_messages, Millis wait) {
  kafka::Taken taken;
  auto storage = chunks_->get();
  if (!storage) storage = std::make_unique<Buffer>();
  buffer_ = static_cast<Buffer*>(storage.get());
  buffer_->reset();
  taken.chunk = kafka::Chunk(std::move(storage), chunks_);
  if (!cluster_.reachable()) {
    cluster_.pass_time(std::max<std::int64_t>(wait.count(), 1));
  } else {
    if (auto error = follow_group(taken.rebalance)) return forward(*std::move(error));
    const bool only_event = taken.rebalance && faults_.random().chance(700);
    if (!only_event) fetch(max_messages, taken);
    // Less than asked for: the other hosts share this clock, and must not stand still for a second at each of our
    // waits.
    if (buffer_->views.empty() && !taken.rebalance) cluster_.pass_time(std::clamp<std::int64_t>(wait.count(), 1, 20));
  }
  const std::int64_t wall = cluster_.clock().wall_ms();
  for (const MessageView& view : buffer_->views) {
    cluster_.note_delivery({{std::string(view.topic), view.partition}, view.offset}, std::min(last_wall_ms_, wall),
                           std::max(last_wall_ms_, wall));
  }
  last_wall_ms_ = wall;
  taken.messages = buffer_->views;
  return taken;
}

void SimConsumer::fetch(std::size_t max_messages, kafka::Taken& taken) {
  std::vector<std::pair<const TopicPartition*, Fetch*>> open;
  for (auto& [tp, fetch] : fetches_) {
    if (fetch.paused || fetch.out_of_range) continue;
    open.emplace_back(&tp, &fetch);
    note_end(tp);
  }
  while (!open.empty() && buffer_->views.size() < max_messages) {
    const std::size_t pick = faults_.random().below(open.size());
    std::int64_t burst = faults_.random().between(1, 6);
    bool more = true;
    while (more && burst-- > 0 && buffer_->views.size() < max_messages)
      more = fetch_one(*open[pick].first, *open[pick].second, taken);
    if (!more || faults_.random().chance(50)) open.erase(open.begin() + static_cast<std::ptrdiff_t>(pick));
  }
}

void SimConsumer::note_end(const TopicPartition& tp) {
  const PartitionLog* log = cluster_.log(tp);
  if (log == nullptr || !cluster_.has_leader(tp) || cluster_.refuses(tp)) return;
  fetched_ends_[tp] = log->last_stable();
}

std::optional<std::int64_t> SimConsumer::fetched_end(const TopicPartition& tp) const {
  const auto found = fetched_ends_.find(tp);
  return found == fetched_ends_.end() ? std::nullopt : std::optional(found->second);
}

bool SimConsumer::fetch_one(const TopicPartition& tp, Fetch& fetch, kafka::Taken& taken) {
  const PartitionLog* log = cluster_.log(tp);
  if (log == nullptr) {
    fetch.out_of_range = true;
    taken.events.push_back({PartitionEvent::Kind::inaccessible, tp, -1, "unknown topic or partition"});
    return false;
  }
  if (!cluster_.has_leader(tp)) return false;
  if (cluster_.refuses(tp)) {
    if (said_refused_.insert(tp).second)
      taken.events.push_back({PartitionEvent::Kind::inaccessible, tp, -1, "topic authorization failed"});
    return false;
  }
  said_refused_.erase(tp);
  if (fetch.position < log->start() || fetch.position > log->end()) {
    fetch.out_of_range = true;
    taken.events.push_back({PartitionEvent::Kind::offset_out_of_range, tp, fetch.position, "offset out of range"});
    return false;
  }
  const std::int64_t stable = log->last_stable();
  while (fetch.position < stable) {
    if (cluster_.damaged({tp, fetch.position})) {
      fetch.out_of_range = true;
      taken.events.push_back({PartitionEvent::Kind::unreadable, tp, fetch.position, "bad message"});
      return false;
    }
    const std::int64_t offset = fetch.position++;
    fetch.at_end = false;
    if (!log->visible(offset)) continue;
    deliver(tp, offset, log->at(offset).record);
    return true;
  }
  if (!fetch.at_end && fetch.position == stable) {  // behind open transactions nothing is said
    fetch.at_end = true;
    taken.events.push_back({PartitionEvent::Kind::end_of_log, tp, fetch.position, ""});
  }
  return false;
}

void SimConsumer::deliver(const TopicPartition& tp, std::int64_t offset, const Record& record) {
  const Record& copy = buffer_->records.emplace_back(record);
  std::vector<HeaderView>& headers = buffer_->headers.emplace_back();
  for (const Header& header : copy.headers) headers.push_back({header.name, header.value});
  const TopicPartition& stable_tp = fetches_.find(tp)->first;
  buffer_->views.push_back(
      {stable_tp.topic, tp.partition, offset, copy.timestamp_ms, copy.key, copy.value, headers, &copy});
}

void SimConsumer::Buffer::reset() {
  views.clear();
  headers.clear();
  records.clear();
}

void SimConsumer::Buffer::clear() {
  for (Record& record : records) {
    if (record.key) std::fill(record.key->begin(), record.key->end(), '?');
    if (record.value) std::fill(record.value->begin(), record.value->end(), '?');
    for (Header& header : record.headers) {
      if (header.value) std::fill(header.value->begin(), header.value->end(), '?');
    }
  }
  views.clear();
}

void SimConsumer::assign(std::span<const Position> positions) {
  fetches_.clear();
  for (const Position& position : positions) fetches_[position.tp].position = position.offset;
  if (state_ == State::asked_to_assign) state_ = State::active;
}

void SimConsumer::unassign() {
  fetches_.clear();
  if (state_ == State::asked_to_revoke) {
    cluster_.group().rejoin(member_, cluster_.clock().steady_ms());
    told_ = Group::Told::steady;
    state_ = State::joining;
  } else if (state_ == State::asked_as_lost) {
    join();
  }
}

void SimConsumer::rewind(std::span<const Position> positions) {
  for (const Position& position : positions) {
    Fetch& fetch = fetches_[position.tp];
    fetch = Fetch{position.offset, fetch.paused, false, false};
  }
}

void SimConsumer::pause(std::span<const TopicPartition> partitions, bool paused) {
  for (const TopicPartition& tp : partitions) {
    if (const auto found = fetches_.find(tp); found != fetches_.end()) found->second.paused = paused;
  }
}

kafka::GroupMembership SimConsumer::membership() const {
  return std::make_shared<const Membership>(Membership{member_, generation_});
}

}  // namespace firstseen::simulation
