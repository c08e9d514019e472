#include "oracle.h"

#include <algorithm>
#include <set>

#include "stored_log.h"

namespace firstseen::simulation {

using Kind = Input::Kind;
using dedup::RejectRoute;

Oracle::Oracle(SimCluster& cluster, const Workload& workload, const dedup::SlotOptions& options, const Windows& windows,
               Exemptions exemptions, Violations& violations)
    : cluster_(cluster),
      workload_(workload),
      options_(options),
      windows_(windows),
      exemptions_(exemptions),
      violations_(violations),
      history_(read_history(cluster, workload, options, Topics{}, exemptions.gaps, violations)),
      era_high_ms_(windows.eras(), -1) {
  for (const Event& event : history_.events) {
    if (event.input->kind == Kind::keyed) by_key_[event.input->key].push_back(&event);
    for (std::size_t era = windows_.era_of(event.txn); era < era_high_ms_.size(); ++era)
      era_high_ms_[era] = std::max(era_high_ms_[era], event.time.high_ms);
  }
}

std::int64_t Oracle::ttl_ms(const Event& event) const {
  return windows_.ttl_ms(windows_.era_of(event.txn), event.input->key);
}

void Oracle::check_outputs() {
  for (const Published& one : history_.published) check_bytes(one);
  for (const Event& event : history_.events) check_outcome(event);
  check_twice();
  check_order();
  check_coverage();
}

void Oracle::violate(const Event& event, const std::string& what) {
  violations_.add("message " + std::to_string(event.input->id) + " (" + to_string(event.input->position.tp) + "@" +
                  std::to_string(event.input->position.offset) + ", key " + event.input->key + ", stream time " +
                  std::to_string(event.time.low_ms - SimClock::start_ms) + ".." +
                  std::to_string(event.time.high_ms - SimClock::start_ms) + ", txn " + std::to_string(event.txn) +
                  "): " + what);
}

void Oracle::check_bytes(const Published& one) {
  const auto& inputs = workload_.inputs();
  const auto id = id_of(one.record);
  const auto found =
      std::find_if(inputs.begin(), inputs.end(), [&](const auto& input) { return id && input.second.id == *id; });
  const std::string where = to_string(one.tp) + "@" + std::to_string(one.offset);
  if (found == inputs.end()) {
    violations_.add(where + " holds no message of the input");
    return;
  }
  Record expected = found->second.record;
  const bool side_topic = one.tp.topic != Topics{}.output;
  const std::vector<Header>& headers = one.record.headers;
  if (side_topic && headers.size() >= expected.headers.size() &&
      std::equal(expected.headers.begin(), expected.headers.end(), headers.begin()))
    expected.headers = headers;  // added headers come last
  if (!(one.record == expected)) violations_.add(where + ": message " + std::to_string(*id) + " was changed");
  const bool same_partition = options_.partitioner == dedup::Partitioner::same;
  if (!side_topic && same_partition && one.tp.partition != found->first.tp.partition)
    violations_.add(where + ": message " + std::to_string(*id) + " is in another partition");
}

bool Oracle::rejectable(const Event& event) const {
  return event.input->kind == Kind::poison || event.input->too_large || event.input->too_new;
}

void Oracle::check_outcome(const Event& event) {
  if (event.output.size() > 1) violate(event, "published twice in one transaction");
  if (event.input->too_large && !event.output.empty()) violate(event, "published although too large");
  const bool side_copy = event.duplicates.size() + event.rejects.size() > 0;
  if (!event.output.empty() && side_copy) violate(event, "published, and sent to a side topic");
  if (event.input->kind == Kind::poison && options_.rejects == RejectRoute::pass) {
    if (event.output.empty()) violate(event, "a rejected message was not passed on");
  } else if (event.input->kind == Kind::poison) {
    check_rejected(event);
  } else if (!event.rejects.empty()) {
    if (!rejectable(event)) violate(event, "rejected without a fault of its own");
  } else if (event.input->kind == Kind::passed) {
    if (event.output.empty()) violate(event, "lost: it was to be passed unchecked");
  } else if (event.output.empty() && !dropped_rightly(event)) {
    if (rejectable(event) && (options_.rejects != RejectRoute::topic || exemptions_.rejects_refused)) return;
    violate(event, "lost: no earlier message of its key was published within the window");
  } else if (event.output.empty() && options_.duplicates == dedup::DuplicateRoute::topic &&
             event.duplicates.size() != 1 && !rejectable(event)) {
    violate(event, "a duplicate is not in the duplicates topic");
  }
}

void Oracle::check_rejected(const Event& event) {
  if (!event.output.empty()) violate(event, "published although it has no key");
  const std::size_t expected = options_.rejects == RejectRoute::topic ? 1 : 0;
  if (event.rejects.size() != expected)
    violate(event, "is " + std::to_string(event.rejects.size()) + " times in the rejects topic");
}

bool Oracle::has_entry(const Event& event) const {
  if (event.input->kind != Kind::keyed) return false;
  return !event.output.empty() || (options_.refresh_on_duplicate && event.rejects.empty() && !rejectable(event));
}

bool Oracle::may_have_entry(const Event& event) const {
  if (event.input->kind != Kind::keyed) return false;
  return !event.output.empty() || (options_.refresh_on_duplicate && event.rejects.empty());
}

bool Oracle::in_history(const Event& event) const {
  if (!exemptions_.history_read_again) return false;
  for (const auto& [position, input] : workload_.inputs()) {
    if (input.kind != Kind::keyed || input.key != event.input->key) continue;
    const Delivery* delivery = cluster_.delivery(position);
    if (delivery == nullptr || !delivery->as_history || position == event.input->position) continue;
    StreamTime time = time_of_prefix(workload_.inputs(), position);
    time.low_ms = std::min(time.low_ms, delivery->wall_low_ms + options_.max_skew.count());
    if (least_distance_ms(event.time, time) <= ttl_ms(event)) return true;
  }
  return false;
}

bool Oracle::dropped_rightly(const Event& event) const {
  const auto& others = by_key_.at(event.input->key);
  const bool earlier = std::any_of(others.begin(), others.end(), [&](const Event* other) {
    const bool before = other->change < event.change || other->txn == event.txn;
    const bool same_partition = other->input->position.tp == event.input->position.tp;
    const bool in_order =
        other->txn != event.txn || !same_partition || other->input->position.offset < event.input->position.offset;
    return other != &event && before && in_order && may_have_entry(*other) &&
           least_distance_ms(event.time, other->time) <= ttl_ms(event);
  });
  return earlier || in_history(event);
}

/// Section 3: may the sweep have taken the entry of `first` before `second` was decided? Then `second` is late. The
/// sweep goes by the slowest partition that has not reached the end of its log, and by the ttl of its time. Where
/// history was read again it reaches back by each partition's own time, so the fastest one bounds what is promised.
/// Within a batch nothing is swept.
bool Oracle::may_be_swept(const Event& first, const Event& second) const {
  if (first.txn == second.txn) return false;
  const bool one_store = !exemptions_.history_read_again && !exemptions_.gaps;
  const std::size_t now = windows_.era_of(second.txn);
  for (std::size_t era = std::min(now, windows_.era_of(first.txn)); era <= now; ++era) {
    const std::int64_t before = one_store ? second.ahead_high_ms : second.others_high_ms;
    const std::int64_t high = era < now ? era_high_ms_[era] : before;
    if (first.time.low_ms < high - windows_.ttl_ms(era, second.input->key)) return true;
  }
  return false;
}

/// The sweep, which goes by the window of the first one's key, may have taken that entry, and it lies within the window
/// of the second one's.
bool Oracle::looks_back_to_swept(const Event& first, const Event& second) const {
  return first.txn != second.txn && may_have_entry(first) && first.time.low_ms < second.ahead_high_ms - ttl_ms(first) &&
         first.time.high_ms >= second.time.low_ms - ttl_ms(second);
}

std::size_t Oracle::late_at_most() const {
  std::size_t count = 0;
  const auto& events = history_.events;
  for (auto event = events.begin(); event != events.end(); ++event) {
    if (event->input->kind != Kind::keyed || event->output.empty()) continue;
    const auto reached = [&](const Event& earlier) { return looks_back_to_swept(earlier, *event); };
    if (std::any_of(events.begin(), event, reached)) ++count;
  }
  return count;
}

void Oracle::check_twice() {
  if (exemptions_.history_lost) return;
  for (const auto& [key, events] : by_key_) {
    std::vector<const Event*> earlier;
    for (const Event* event : events) {
      if (!event->output.empty() && !published_rightly(*event, earlier)) ++late_;
      earlier.push_back(event);
    }
  }
}

/// False: it is late.
bool Oracle::published_rightly(const Event& event, const std::vector<const Event*>& earlier) {
  bool late = false;
  for (const Event* one : earlier) {
    const Event& first = *one;
    // Within one batch, which of two partitions was read first cannot be seen from outside.
    const bool order_unknown = first.txn == event.txn && !(first.input->position.tp == event.input->position.tp);
    if (order_unknown ? first.output.empty() : !has_entry(first)) continue;
    if (greatest_distance_ms(first.time, event.time) > ttl_ms(event)) continue;
    if (may_be_swept(first, event)) {
      late = true;
    } else {
      violate(event, "published although message " + std::to_string(first.input->id) +
                         " of its key was published within the window");
    }
  }
  return !late;
}

void Oracle::check_order() {
  std::map<std::pair<TopicPartition, TopicPartition>, std::int64_t> last;
  for (const Event& event : history_.events) {
    for (const Published* one : event.output) {
      auto& previous = last.try_emplace({event.input->position.tp, one->tp}, -1).first->second;
      if (one->offset <= previous) violate(event, "out of order in " + to_string(one->tp));
      previous = one->offset;
    }
  }
}

void Oracle::check_coverage() {
  if (exemptions_.gaps) return;
  for (const auto& [tp, first] : history_.first_start) {
    if (options_.start == dedup::StartAt::earliest && first != 0)
      violations_.add(to_string(tp) + " began at " + std::to_string(first) + " instead of the earliest offset");
  }
  std::set<Position> decided;
  for (const Event& event : history_.events) decided.insert(event.input->position);
  for (const auto& [position, input] : workload_.inputs()) {
    const auto first = history_.first_start.find(position.tp);
    if (first == history_.first_start.end() || position.offset < first->second || decided.contains(position)) continue;
    violations_.add("message " + std::to_string(input.id) + " at " + to_string(position.tp) + "@" +
                    std::to_string(position.offset) + " was never consumed");
  }
}

void Oracle::check_store(const std::filesystem::path& directory, const std::string& who, bool complete) {
  std::map<Position, const Event*> expected;
  std::int64_t highest = -1;
  for (const Event& event : history_.events) {
    highest = std::max(highest, event.time.high_ms);
    if (event.who == who && may_have_entry(event)) expected[event.input->position] = &event;
  }
  const StoredLog log = read_stored_log(directory);
  if (!log.problem.empty()) violations_.add("the store cannot be read: " + log.problem);
  std::set<Position> held;
  for (const StoredKey& one : log.keys) {
    const TopicPartition& source = one.position.tp;
    const std::string where = "the store's entry of " + to_string(source) + "@" + std::to_string(one.position.offset);
    const bool again = !held.insert(one.position).second;
    const auto found = expected.find(one.position);
    const Delivery* delivery = cluster_.delivery(one.position);
    const bool history = exemptions_.history_read_again && delivery != nullptr && delivery->as_history;
    if (history || exemptions_.gaps) continue;
    if (again) violations_.add(where + " is there twice");
    if (found == expected.end()) {
      violations_.add(where + " belongs to no message that was first seen in a committed batch");
    } else if (one.digest != digest_of(source.topic, found->second->input->key)) {
      violations_.add(where + " has another key");
    } else if (const StreamTime& time = found->second->time; one.time_ms < time.low_ms || one.time_ms > time.high_ms) {
      violate(*found->second, "its entry has the time " + std::to_string(one.time_ms - SimClock::start_ms));
    }
  }
  if (!complete) return;
  for (const auto& [position, event] : expected) {
    if (has_entry(*event) && event->time.low_ms >= highest - ttl_ms(*event) && !held.contains(position))
      violate(*event, "its entry is missing in the store");
  }
}

}  // namespace firstseen::simulation
