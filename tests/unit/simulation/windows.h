#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "dedup/options.h"
#include "partition_log.h"
#include "workload.h"

namespace firstseen::simulation {

/// The windows under which the messages of a run were decided. They change only while no process runs, so a transaction
/// tells the era that it belongs to.
class Windows {
 public:
  explicit Windows(dedup::SlotOptions options) : eras_{{no_txn, std::move(options)}} {}

  /// Whatever transaction begins behind `last` is of processes with these options.
  void change(TxnId last, dedup::SlotOptions options) { eras_.push_back({last + 1, std::move(options)}); }

  [[nodiscard]] std::size_t eras() const { return eras_.size(); }
  [[nodiscard]] std::size_t era_of(TxnId txn) const {
    std::size_t era = eras_.size() - 1;
    while (era > 0 && txn < eras_[era].first) --era;
    return era;
  }
  /// Of the window that a key belongs to.
  [[nodiscard]] std::int64_t ttl_ms(std::size_t era, const std::string& key) const {
    const dedup::SlotOptions& options = eras_[era].options;
    if (options.rule_ttls.empty()) return options.ttl.count();  // ttl_of() is among what is judged by this
    return options.rule_ttls.at(rule_of(key, options.rule_ttls.size())).count();
  }

 private:
  struct Era {
    TxnId first = no_txn;
    dedup::SlotOptions options;
  };
  std::vector<Era> eras_;
};

}  // namespace firstseen::simulation
