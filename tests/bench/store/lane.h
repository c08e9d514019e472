#pragma once

#include <cstdint>
#include <memory>
#include <optional>
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
  /// Ends the contestant, which gives its memory back: there is nothing but its answers then.
  void release() { contestant_.reset(); }

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const Workload& workload() const { return workload_; }
  [[nodiscard]] const Contestant& contestant() const { return *contestant_; }
  /// Messages decided since the filling.
  [[nodiscard]] std::uint64_t decided() const { return next_ - workload_.filling(); }
  /// Messages whose answers are known: all, but without the filling where that was loaded at once.
  [[nodiscard]] std::uint64_t answered() const { return answers_.size(); }
  /// Those that the oracle answers differently. It takes 4 bytes per live key, and some time.
  [[nodiscard]] std::uint64_t wrong_answers() const;

  // of the batches of the filling; nothing where that was loaded at once
  [[nodiscard]] std::optional<double> longest_batch_of_filling_ms() const { return milliseconds(longest_filling_s_); }
  /// What growing itself costs: the time that a batch takes has page faults of others in it.
  [[nodiscard]] std::optional<double> most_cpu_ms_of_a_filling_batch() const {
    return milliseconds(most_filling_cpu_s_);
  }

  // of the measured slices
  [[nodiscard]] double median_rate() const;  ///< messages per second
  [[nodiscard]] double slowest_rate() const;
  [[nodiscard]] double fastest_rate() const;
  [[nodiscard]] double cpu_ns() const;             ///< per message, the whole process
  [[nodiscard]] double worst_second_rate() const;  ///< of seconds of its own time
  [[nodiscard]] double longest_batch_ms() const { return longest_batch_s_ * 1e3; }

 private:
  static std::optional<double> milliseconds(double seconds) {
    return seconds > 0 ? std::optional<double>(seconds * 1e3) : std::nullopt;
  }
  void fill_by_batches();
  void end_batch();
  void count(double seconds);

  std::string name_;
  Workload workload_;
  std::unique_ptr<Contestant> contestant_;
  std::uint64_t next_ = 0;
  std::vector<Message> messages_;
  std::vector<std::uint8_t> flags_;
  std::vector<bool> answers_;  ///< of each message from answers_from_ on: was it accepted?
  std::uint64_t answers_from_ = 0;
  double longest_filling_s_ = 0;
  double most_filling_cpu_s_ = 0;

  std::vector<double> rates_;  ///< of each slice
  double cpu_s_ = 0;
  std::uint64_t measured_ = 0;
  double longest_batch_s_ = 0;
  double second_s_ = 0;  ///< of the second being counted
  std::uint64_t second_messages_ = 0;
  double worst_second_ = 0;
};

}  // namespace firstseen::bench
