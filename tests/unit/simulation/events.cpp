#include "events.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

namespace firstseen::simulation {

namespace {

constexpr std::int64_t none = -1;
constexpr std::int64_t unreached = std::numeric_limits<std::int64_t>::min() / 2;

class Reader {
 public:
  Reader(SimCluster& cluster, const Workload& workload, const dedup::SlotOptions& options, bool gaps_allowed,
         Violations& violations)
      : cluster_(cluster),
        workload_(workload),
        options_(options),
        gaps_allowed_(gaps_allowed),
        violations_(violations) {}

  History read(const Topics& topics) {
    for (const std::string& topic : {topics.output, topics.duplicates, topics.rejects}) read_topic(topic);
    const auto& changes = cluster_.offset_changes();
    for (std::size_t i = 0; i < changes.size(); ++i) {
      // The partitions of one commit share its transaction; its own stream times come into force behind it.
      if (i == 0 || changes[i].txn != changes[i - 1].txn) highest_before_ = highest_;
      read_change(changes[i], i);
    }
    attach_outputs(topics);
    return std::move(history_);
  }

 private:
  void read_topic(const std::string& topic) {
    for (std::int32_t p = 0; p < cluster_.partition_count(topic); ++p) {
      const PartitionLog* log = cluster_.log({topic, p});
      for (std::int64_t offset = 0; offset < log->end(); ++offset) {
        if (!log->visible(offset)) continue;
        history_.published.push_back({{topic, p}, offset, log->at(offset).txn, log->at(offset).record});
      }
    }
  }

  void read_change(const OffsetChange& change, std::size_t index) {
    if (change.tp.topic != workload_.topic()) return;
    if (!change.after) {
      deleted_[change.tp] = change.before.value_or(0);
      return;
    }
    history_.final_offset[change.tp] = *change.after;
    if (change.txn == no_txn) {
      if (change.before) skip_range(change.tp, *change.before, *change.after);
      return;
    }
    if (!change.before) {
      start(change);
    } else if (*change.after < *change.before && !gaps_allowed_) {
      violations_.add("the committed offset of " + to_string(change.tp) + " went back from " +
                      std::to_string(*change.before) + " to " + std::to_string(*change.after));
    } else {
      decide_range(change, index);
    }
  }

  /// "Before the first batch of a partition its start offset is committed."
  void start(const OffsetChange& change) {
    const auto deleted = deleted_.find(change.tp);
    if (deleted == deleted_.end()) history_.first_start.try_emplace(change.tp, *change.after);
    if (deleted != deleted_.end() && *change.after > deleted->second && !gaps_allowed_)
      violations_.add(to_string(change.tp) + " resumed at " + std::to_string(*change.after) +
                      " after its offset was deleted at " + std::to_string(deleted->second));
  }

  /// An operator moved the offset forward: the slot reads what lies between as history, or not at all.
  void skip_range(const TopicPartition& tp, std::int64_t from, std::int64_t to) {
    for_range(tp, from, to, [&](const Input& input) {
      times_[tp].high_ms = std::max(times_[tp].high_ms, contribution(input).high_ms);
    });
  }

  void decide_range(const OffsetChange& change, std::size_t index) {
    for_range(change.tp, *change.before, *change.after, [&](const Input& input) {
      if (gaps_allowed_ && removed_unread(input.position)) return;
      StreamTime& time = times_[change.tp];
      // Another store's stream time was made anew from what it read again.
      if (std::exchange(owner_[change.tp], change.who) != change.who) time.low_ms = none;
      const StreamTime own = contribution(input);
      time = {std::max(time.low_ms, own.low_ms), std::max(time.high_ms, own.high_ms)};
      highest_ = std::max(highest_, time.high_ms);
      const bool is_first = !last_.contains(change.tp);
      if (!was_waiting(input)) {
        ahead_[change.tp] = is_first ? highest_before_ : std::min(highest_before_, known_by(input.readable_ms));
      }
      Event event{&input, change.txn, index, change.who, time, highest_before_, ahead_[change.tp], {}, {}, {}};
      if (options_.clock == dedup::WindowClock::wall_clock_time) {
        event.time = wall_of(input);
        // The wall clock is the same for all, so nothing is ever swept too early.
        event.others_high_ms = event.ahead_high_ms = none;
      }
      history_.events.push_back(std::move(event));
    });
  }

  /// Could this message be read before the one in front of it was? Then nobody met the end of the log in between.
  bool was_waiting(const Input& input) {
    const Input* before = std::exchange(last_[input.position.tp], &input);
    const Delivery* delivery = before == nullptr ? nullptr : cluster_.delivery(before->position);
    return delivery != nullptr && input.readable_ms < delivery->first_ms;
  }

  /// The highest stream time of any partition that a slot can have known by then: by a message of a batch that fell,
  /// too. Whoever has seen an end that was there for the last time then has swept by no more.
  std::int64_t known_by(std::int64_t steady_ms) {
    if (known_.empty()) {
      for (const auto& [position, input] : workload_.inputs()) {
        const Delivery* delivery = cluster_.delivery(position);
        if (delivery == nullptr) continue;
        std::int64_t& high = known_.try_emplace(delivery->first_ms, none).first->second;
        high = std::max(high, contribution(input).high_ms);
      }
      std::int64_t highest = none;
      for (auto& [first_ms, high] : known_) high = highest = std::max(highest, high);
    }
    const auto after = known_.upper_bound(steady_ms);
    return after == known_.begin() ? none : std::prev(after)->second;
  }

  /// Retention was faster than every reader.
  bool removed_unread(const Position& position) {
    return position.offset < cluster_.log(position.tp)->start() && cluster_.delivery(position) == nullptr;
  }

  template <class Visit>
  void for_range(const TopicPartition& tp, std::int64_t from, std::int64_t to, Visit visit) const {
    const auto& inputs = workload_.inputs();
    for (auto it = inputs.lower_bound({tp, from}); it != inputs.end() && it->first < Position{tp, to}; ++it)
      visit(it->second);
  }

  /// The highest that stream time less steady clock can have come to by then: by a message of a batch that fell, too.
  std::int64_t reached(const TopicPartition& tp, std::int64_t by_ms) const {
    std::int64_t highest = unreached;
    for_range(tp, 0, std::numeric_limits<std::int64_t>::max(), [&](const Input& input) {
      const Delivery* delivery = cluster_.delivery(input.position);
      if (delivery == nullptr || delivery->first_ms > by_ms) return;
      const std::int64_t believed =
          std::min(input.record.timestamp_ms, delivery->wall_high_ms + options_.max_skew.count());
      highest = std::max(highest, believed - delivery->first_ms);
    });
    return highest;
  }

  StreamTime contribution(const Input& input) {
    const std::int64_t timestamp = input.record.timestamp_ms;
    StreamTime time{timestamp, timestamp};
    if (const Delivery* delivery = cluster_.delivery(input.position)) {
      time.low_ms = std::min(timestamp, delivery->wall_low_ms + options_.max_skew.count());
      // A clock that falls behind does not hold back a stream time that has once come to some height.
      const std::int64_t limit = std::max(delivery->wall_high_ms + options_.max_skew.count(),
                                          reached(input.position.tp, delivery->last_ms) + delivery->last_ms);
      time.high_ms = std::min(timestamp, limit);
    }
    const bool may_be_rejected = input.kind != Input::Kind::keyed || input.too_large || input.too_new;
    if (may_be_rejected) time.low_ms = none;
    return time;
  }

  StreamTime wall_of(const Input& input) {
    const Delivery* delivery = cluster_.delivery(input.position);
    return delivery == nullptr ? StreamTime{} : StreamTime{delivery->wall_low_ms, delivery->wall_high_ms};
  }

  void attach_outputs(const Topics& topics) {
    std::map<std::pair<TxnId, std::int64_t>, Event*> by_message;
    for (Event& event : history_.events) by_message[{event.txn, event.input->id}] = &event;
    for (const Published& one : history_.published) {
      const auto id = id_of(one.record);
      const auto found = id ? by_message.find({one.txn, *id}) : by_message.end();
      if (found != by_message.end()) {
        Event& event = *found->second;
        auto& where = one.tp.topic == topics.output       ? event.output
                      : one.tp.topic == topics.duplicates ? event.duplicates
                                                          : event.rejects;
        where.push_back(&one);
      } else if (options_.guarantee == kafka::Guarantee::exactly_once || !id || cluster_.committed(one.txn)) {
        violations_.add(to_string(one.tp) + "@" + std::to_string(one.offset) + " holds message " +
                        std::to_string(id.value_or(-1)) + ", which its transaction did not consume");
      }
    }
  }

  SimCluster& cluster_;
  const Workload& workload_;
  const dedup::SlotOptions& options_;
  bool gaps_allowed_;
  Violations& violations_;
  History history_;
  std::map<TopicPartition, StreamTime> times_;
  std::map<TopicPartition, std::string> owner_;
  std::map<TopicPartition, std::int64_t> deleted_;
  std::map<TopicPartition, const Input*> last_;  // decided
  std::map<TopicPartition, std::int64_t> ahead_;
  std::map<std::int64_t, std::int64_t> known_;  // see known_by
  std::int64_t highest_ = none;
  std::int64_t highest_before_ = none;
};

}  // namespace

std::int64_t least_distance_ms(const StreamTime& a, const StreamTime& b) {
  return std::max({std::int64_t{0}, a.low_ms - b.high_ms, b.low_ms - a.high_ms});
}

std::int64_t greatest_distance_ms(const StreamTime& a, const StreamTime& b) {
  return std::max(a.high_ms - b.low_ms, b.high_ms - a.low_ms);
}

StreamTime time_of_prefix(const std::map<Position, Input>& inputs, const Position& position) {
  StreamTime time;
  for (auto it = inputs.lower_bound({position.tp, 0}); it != inputs.end() && it->first <= position; ++it)
    time.high_ms = std::max(time.high_ms, it->second.record.timestamp_ms);
  time.low_ms = inputs.at(position).record.timestamp_ms;
  return time;
}

History read_history(SimCluster& cluster, const Workload& workload, const dedup::SlotOptions& options,
                     const Topics& topics, bool gaps_allowed, Violations& violations) {
  return Reader(cluster, workload, options, gaps_allowed, violations).read(topics);
}

}  // namespace firstseen::simulation
