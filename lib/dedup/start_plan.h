#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/message.h"
#include "dedup/options.h"
#include "dedup/partition.h"
#include "kafka/client.h"
#include "store/seen_store.h"

namespace firstseen::dedup {

/// What is known of a partition when it is assigned.
struct StartFacts {
  TopicPartition tp;
  std::optional<std::int64_t> committed;       ///< the group's stable committed offset
  bool committed_by_firstseen = true;          ///< that offset carries the metadata of one of its batches
  std::optional<store::PartitionState> known;  ///< the store's state of it
  kafka::Watermarks log;                       ///< of the input partition
  std::string output_topic;                    ///< of this input topic
  std::int32_t output_partitions = -1;         ///< of its output topic; 0: there is none; -1: not asked
  std::int32_t input_partitions = 0;           ///< of the input topic; known where there is no output topic
  bool group_started_before = false;           ///< the group has offsets of this topic, or the store knows it
};

/// What to do with it. Pure data; made by plan_start.
struct StartPlan {
  StopCause stop = StopCause::none;  ///< not none: do not consume; `text` says why and what to do
  std::string text;                  ///< the reason, or a warning; empty: nothing to say
  std::string also;                  ///< a warning beside the reason; empty: nothing more to say
  std::int64_t start = 0;            ///< the first offset to process
  bool commit_start = false;         ///< the group has no offset, or one that cannot be used: commit `start` first
  bool without_log = false;          ///< the log has nothing before `start` that would count: nothing can be read again
  bool missing_history = false;      ///< [history_from, start) was not recorded in this store: read it, though it stops
  std::int64_t history_from = 0;     ///< lower bound; how far the window reaches back is asked for later
  std::int64_t history_ends_ms = 0;  ///< the stream time at `start` is not before this
  bool history_is_whole = false;     ///< from history_from on the log has all of the window
  store::PartitionState state;       ///< to begin with; next_offset == start
  std::optional<store::LastMessage> verify;  ///< must stand in the log just before `start`
};

/// Where a newly assigned partition starts, as design section 2 says. A pure function of the facts.
StartPlan plan_start(const StartFacts& facts, const SlotOptions& options);

/// Without facts.log: it waits, and nothing else is decided. `why` is for a person.
StartPlan plan_without_leader(const StartFacts& facts, const SlotOptions& options, std::string why);

/// The group has consumed what this store has not recorded, and it is to be read again, as far as the log has it: until
/// then nothing may be published, of any partition.
bool needs_history(const StartFacts& facts, const SlotOptions& options);

/// Only the log tells where it starts, and only now: at the end that the log has at the group's first start.
bool starts_at_the_end(const StartFacts& facts, const SlotOptions& options);

/// Why the output topic cannot take this partition, and what to do; empty: it can, or was not asked about.
std::string output_problem(const StartFacts& facts, const SlotOptions& options);

/// A committed or fetched position lies outside the log; says what was lost and how to go on.
std::string outside_the_log(const TopicPartition& tp, std::int64_t position, const kafka::Watermarks& log);

}  // namespace firstseen::dedup
