#pragma once

#include <string>
#include <vector>

namespace firstseen::simulation {

/// A daemon process of the simulation, as its clients and store see it.
struct Process {
  std::string name;
  bool alive = true;       ///< false after a crash: nothing that is still called may have an effect
  bool suspended = false;  ///< SIGSTOP: no heartbeats
};

/// Broken contracts and guarantees; the run fails when there is one.
class Violations {
 public:
  void add(std::string text) {
    if (texts_.size() < 20) texts_.push_back(std::move(text));
  }
  [[nodiscard]] const std::vector<std::string>& texts() const { return texts_; }
  [[nodiscard]] bool empty() const { return texts_.empty(); }

 private:
  std::vector<std::string> texts_;
};

}  // namespace firstseen::simulation
