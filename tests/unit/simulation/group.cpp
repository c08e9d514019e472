#include "group.h"

#include <algorithm>
#include <set>
#include <utility>

namespace firstseen::simulation {

std::string Group::join(const std::string& instance, const std::vector<std::string>& topics, std::int64_t now_ms) {
  std::string id = instance + "#" + std::to_string(++joined_ever_);
  const auto old = std::find_if(members_.begin(), members_.end(), [&](const auto& member) {
    return !instance.empty() && member.second.instance == instance;
  });
  if (old == members_.end()) {
    members_[id] = Member{instance, topics, {}, now_ms, true};
    prepare(now_ms);
  } else {
    Member successor = old->second;
    successor.heard_ms = now_ms;
    const bool same_topics = successor.topics == topics;
    successor.topics = topics;
    successor.waiting = preparing_;
    fenced_[old->first] = true;
    members_.erase(old);
    members_[id] = std::move(successor);
    if (!same_topics) prepare(now_ms);
    members_[id].waiting = preparing_;
  }
  complete_if_ready();
  return id;
}

void Group::rejoin(const std::string& member, std::int64_t now_ms) {
  const auto found = members_.find(member);
  if (found == members_.end()) return;
  if (!preparing_) prepare(now_ms);
  found->second.waiting = true;
  found->second.heard_ms = now_ms;
  complete_if_ready();
}

Group::Told Group::heartbeat(const std::string& member, std::int64_t now_ms) {
  if (fenced_.contains(member)) return Told::fenced;
  const auto found = members_.find(member);
  if (found == members_.end()) return Told::unknown;
  found->second.heard_ms = now_ms;
  return preparing_ ? Told::rebalance : Told::steady;
}

void Group::expire(std::int64_t now_ms) {
  const bool too_slow = preparing_ && now_ms - preparing_since_ms_ > rebalance_timeout_ms;
  const auto gone = std::erase_if(members_, [&](const auto& entry) {
    const Member& member = entry.second;
    return now_ms - member.heard_ms > session_timeout_ms || (too_slow && !member.waiting);
  });
  if (gone > 0 && !preparing_) prepare(now_ms);
  complete_if_ready();
}

void Group::topics_changed(std::int64_t now_ms) {
  if (!members_.empty()) prepare(now_ms);
}

void Group::evict(const std::string& member, std::int64_t now_ms) {
  if (members_.erase(member) == 0) return;
  prepare(now_ms);
  complete_if_ready();
}

void Group::clear() {
  members_.clear();
  preparing_ = false;
}

bool Group::settled(const std::string& member) const { return !preparing_ && members_.contains(member); }

std::vector<TopicPartition> Group::assignment(const std::string& member) const {
  const auto found = members_.find(member);
  return found == members_.end() ? std::vector<TopicPartition>{} : found->second.assignment;
}

bool Group::may_commit(const std::string& member, std::int32_t generation) const {
  return members_.contains(member) && generation == generation_;
}

void Group::prepare(std::int64_t now_ms) {
  if (preparing_) return;
  preparing_ = true;
  preparing_since_ms_ = now_ms;
}

void Group::complete_if_ready() {
  if (!preparing_) return;
  const bool ready =
      std::all_of(members_.begin(), members_.end(), [](const auto& member) { return member.second.waiting; });
  if (!ready) return;
  ++generation_;
  preparing_ = false;
  assign_ranges();
  for (auto& [id, member] : members_) member.waiting = false;
}

void Group::assign_ranges() {
  std::set<std::string> topics;
  for (auto& [id, member] : members_) {
    member.assignment.clear();
    topics.insert(member.topics.begin(), member.topics.end());
  }
  for (const std::string& topic : topics) {
    std::vector<Member*> readers;
    for (auto& [id, member] : members_) {
      if (std::find(member.topics.begin(), member.topics.end(), topic) != member.topics.end())
        readers.push_back(&member);
    }
    std::sort(readers.begin(), readers.end(),
              [](const Member* left, const Member* right) { return left->instance < right->instance; });
    const auto partitions = static_cast<std::size_t>(count_(topic));
    for (std::size_t p = 0; p < partitions; ++p) {
      readers[p * readers.size() / partitions]->assignment.push_back({topic, static_cast<std::int32_t>(p)});
    }
  }
}

}  // namespace firstseen::simulation
