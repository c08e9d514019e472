#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bench/store/workload.h"

namespace firstseen::bench {

/// One contestant on its way through the workload, and what was measured of it.
class Lane {
 public:
  Lane(std::string name, const Workload& workload, std::unique_ptr<Contestant> contestant);

  void fill();
  /// Decides messages for about so long; measured unless it is a warm-up.
  void run(double seconds, bool measured);
  /// Decides as many messages as `other` has, not measured, so that the answers can be compared.
  void catch_up_with(const Lane& other);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const Workload& workload() const { return workload_; }
  [[nodiscard]] const Contestant& contestant() const { return *contestant_; }
  [[nodiscard]] std::uint64_t decided() const { return answers_.size(); }
  /// Messages that this lane and the other have decided differently, of those that both have decided.
  [[nodiscard]] std::uint64_t differs_from(const Lane& other) const;

  // of the measured slices
  [[nodiscard]] double median_rate() const;  ///< messages per second
  [[nodiscard]] double slowest_rate() const;
  [[nodiscard]] double fastest_rate() const;
  [[nodiscard]] double cpu_ns() const;             ///< per message, the whole process
  [[nodiscard]] double worst_second_rate() const;  ///< of seconds of its own time
  [[nodiscard]] double longest_batch_ms() const { return longest_batch_s_ * 1e3; }

 private:
  void decide_batch();
  void count(double seconds);

  std::string name_;
  Workload workload_;
  std::unique_ptr<Contestant> contestant_;
  std::uint64_t next_ = 0;
  std::vector<Message> messages_;
  std::vector<std::uint8_t> flags_;
  std::vector<bool> answers_;  ///< of every message after the fill

  std::vector<double> rates_;  ///< of each slice
  double cpu_s_ = 0;
  std::uint64_t measured_ = 0;
  double longest_batch_s_ = 0;
  double second_s_ = 0;  ///< of the second being counted
  std::uint64_t second_messages_ = 0;
  double worst_second_ = 0;
};

}  // namespace firstseen::bench
