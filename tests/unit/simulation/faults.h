#pragma once

#include <map>

#include "random.h"

namespace firstseen::simulation {

enum class Fault {
  again,            ///< a blocking call does not finish in time (the request may have arrived or not)
  no_answer,        ///< a question is not answered in time
  queue_full,       ///< publish
  abortable,        ///< the transaction can only be aborted
  fatal,            ///< the client is dead
  unknown_outcome,  ///< commit: nobody knows
  lost_assignment,  ///< evicted by the coordinator
  outage,           ///< no broker reachable for a while
  store_failure,    ///< disk full at prepare or roll_back
  note_failure,     ///< disk full at note_settled
  flush_early,      ///< not a fault: messages reach the broker before commit
};

/// Which faults strike, by chance and by order. Chances are per opportunity, in a thousand.
class Faults {
 public:
  explicit Faults(Random random) : random_(random) {}

  void set(Fault fault, int permille) { chances_[fault] = permille; }
  /// The next opportunity is struck for certain.
  void once(Fault fault) { ++ordered_[fault]; }
  void end() {
    chances_.clear();
    ordered_.clear();
  }
  [[nodiscard]] bool strikes(Fault fault) {
    const bool struck = is_due(fault);
    if (struck) ++struck_[fault];
    return struck;
  }
  /// How often it has struck.
  [[nodiscard]] int struck(Fault fault) const {
    const auto found = struck_.find(fault);
    return found == struck_.end() ? 0 : found->second;
  }
  Random& random() { return random_; }

 private:
  bool is_due(Fault fault) {
    const auto order = ordered_.find(fault);
    if (order != ordered_.end() && order->second > 0) {
      --order->second;
      return true;
    }
    const auto chance = chances_.find(fault);
    return chance != chances_.end() && random_.chance(chance->second);
  }

  Random random_;
  std::map<Fault, int> chances_;
  std::map<Fault, int> ordered_;
  std::map<Fault, int> struck_;
};

}  // namespace firstseen::simulation
