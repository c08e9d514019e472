#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "cluster.h"
#include "dedup/options.h"
#include "process.h"
#include "workload.h"

namespace firstseen::simulation {

/// Bounds of a stream time. They differ only where the design leaves it open, or the outside cannot see it: timestamps
/// that were clipped by the slot's wall clock, rejected messages, partitions that were rewound.
struct StreamTime {
  std::int64_t low_ms = -1;
  std::int64_t high_ms = -1;
};

/// The least and the greatest distance that two stream times may have.
std::int64_t least_distance_ms(const StreamTime& a, const StreamTime& b);
std::int64_t greatest_distance_ms(const StreamTime& a, const StreamTime& b);

/// One message of a topic that the slot writes.
struct Published {
  TopicPartition tp;
  std::int64_t offset = 0;
  TxnId txn = no_txn;
  Record record;
};

/// One decision: an input message within the range of offsets that one commit covered.
struct Event {
  const Input* input = nullptr;
  TxnId txn = no_txn;
  std::size_t change = 0;  ///< index of the commit: decisions are made in this order
  std::string who;
  StreamTime time;
  std::int64_t others_high_ms = -1;  ///< highest stream time of any partition before this commit
  /// The same when this partition may last have been at the end of its log, before the first message that came then
  /// could be read: only so far the sweep may have gone by it.
  std::int64_t ahead_high_ms = -1;
  std::vector<const Published*> output;
  std::vector<const Published*> duplicates;
  std::vector<const Published*> rejects;
};

/// The topics in use, as the oracle needs them.
struct Topics {
  std::string output = "out";
  std::string duplicates = "duplicates";
  std::string rejects = "rejects";
};

/// The history of a run, made of the input logs, the committed offsets and the visible output, and of nothing else.
struct History {
  std::vector<Event> events;                           ///< in the order of decision, by offset within a partition
  std::vector<Published> published;                    ///< everything visible in the slot's topics
  std::map<TopicPartition, std::int64_t> first_start;  ///< where the group began
  std::map<TopicPartition, std::int64_t> final_offset;
};

/// What an input message's copy in a store may look like after a rebuild: the stream time of its log prefix.
StreamTime time_of_prefix(const std::map<Position, Input>& inputs, const Position& position);

/// Reads the history off; gaps between commits become violations unless `gaps_allowed` (an operator moved offsets).
History read_history(SimCluster& cluster, const Workload& workload, const dedup::SlotOptions& options,
                     const Topics& topics, bool gaps_allowed, Violations& violations);

}  // namespace firstseen::simulation
