#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "events.h"
#include "windows.h"

namespace firstseen::simulation {

/// What a run did that the promises except. Everything is forbidden unless said here.
struct Exemptions {
  /// An operator moved or deleted committed offsets, or a log lost its head.
  bool gaps = false;
  /// Partitions moved between stores, or a store was lost: history may be read again. Then a message may also be
  /// dropped for an earlier *input* message of its key within the window, since a rebuild cannot know what was
  /// published.
  bool history_read_again = false;
  /// History was lost for good (on_missing_history warn, a log without its head): duplicates across it are allowed.
  bool history_lost = false;
  /// A person skipped messages at which a partition had stopped.
  bool skipped_by_hand = true;
  /// The rejects topic refuses what the output refuses, too, and a person skipped that.
  bool rejects_refused = false;
};

/// The judge of a finished and drained run.
class Oracle {
 public:
  Oracle(SimCluster& cluster, const Workload& workload, const dedup::SlotOptions& options, const Windows& windows,
         Exemptions exemptions, Violations& violations);

  /// Nothing lost, nothing twice, nothing touched, order kept.
  void check_outputs();
  /// The store holds exactly the first-seen entries of the batches that `who` committed. `complete`: and all of them,
  /// since no other store took part. The store must be closed.
  void check_store(const std::filesystem::path& directory, const std::string& who, bool complete);
  [[nodiscard]] const History& history() const { return history_; }
  /// How many messages were published within the window of an earlier one which the sweep may have taken: each is late.
  [[nodiscard]] std::size_t late() const { return late_; }
  /// How many of the published messages look back to one, of whatever key, whose entry a sweep may have taken: no other
  /// can be late. Of a run in which the windows stay and no history is read.
  [[nodiscard]] std::size_t late_at_most() const;

 private:
  void check_bytes(const Published& one);
  void check_outcome(const Event& event);
  void check_rejected(const Event& event);
  void check_twice();
  bool published_rightly(const Event& event, const std::vector<const Event*>& earlier);
  void check_order();
  void check_coverage();
  [[nodiscard]] bool rejectable(const Event& event) const;
  [[nodiscard]] bool dropped_rightly(const Event& event) const;
  [[nodiscard]] bool in_history(const Event& event) const;
  /// Is there an entry of this decision for certain?
  [[nodiscard]] bool has_entry(const Event& event) const;
  [[nodiscard]] bool may_have_entry(const Event& event) const;
  [[nodiscard]] bool may_be_swept(const Event& first, const Event& second) const;
  [[nodiscard]] bool looks_back_to_swept(const Event& first, const Event& second) const;
  /// Of the window that the message's key belonged to.
  [[nodiscard]] std::int64_t ttl_ms(const Event& event) const;
  void violate(const Event& event, const std::string& what);

  SimCluster& cluster_;
  const Workload& workload_;
  const dedup::SlotOptions& options_;
  const Windows& windows_;
  Exemptions exemptions_;
  Violations& violations_;
  History history_;
  std::map<std::string, std::vector<const Event*>> by_key_;
  std::vector<std::int64_t> era_high_ms_;  ///< the highest stream time at the end of each era of the windows
  std::size_t late_ = 0;
};

}  // namespace firstseen::simulation
