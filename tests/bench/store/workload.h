#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/digest.h"

namespace firstseen::bench {

/// The messages that every contestant decides: message number i has the time i, in milliseconds, and a key of its own
/// or, for `duplicates` percent of them, that of one of the last `window` / 2 messages.
struct Workload {
  std::uint64_t window = 0;  ///< live keys: a key counts as seen for so many milliseconds, so for so many messages
  std::uint64_t batch = 10'000;
  unsigned int duplicates = 2;  ///< percent
};

struct Message {
  Digest digest;
  std::int64_t time_ms = 0;
};

/// Messages [first, first + batch); the same for everybody.
void make_batch(const Workload& workload, std::uint64_t first, std::vector<Message>& messages);

/// A way of telling duplicates. A contestant may be slow, not wrong: answers are compared.
class Contestant {
 public:
  Contestant() = default;
  Contestant(const Contestant&) = delete;
  Contestant& operator=(const Contestant&) = delete;
  Contestant(Contestant&&) = delete;
  Contestant& operator=(Contestant&&) = delete;
  virtual ~Contestant() = default;

  /// Decides one batch and commits it; `first_seen[i]` says whether message i is new within the window. What is older
  /// than the window is removed in the way of the contestant.
  virtual void decide(std::span<const Message> messages, std::span<std::uint8_t> first_seen) = 0;
  /// The first `window` messages of the workload as quickly as the contestant can take them in.
  virtual void fill(const Workload& workload) = 0;

  struct Size {
    std::uint64_t live = 0;
    std::uint64_t disk_bytes = 0;    ///< in use
    std::uint64_t memory_bytes = 0;  ///< of its own, not the page cache
    std::uint64_t worst_memory_bytes = 0;  ///< while it was filled; 0: not known
    std::uint64_t file_bytes = 0;
    double longest_filling_s = 0;   ///< the batch of fill() that took longest, while the index grew; 0: not by batches
    double most_filling_cpu_s = 0;  ///< the batch of fill() that took most CPU: what growing itself costs
  };
  [[nodiscard]] virtual Size size() const = 0;
};

/// Prints why and ends the program: a benchmark that meets an error has no result.
[[noreturn]] void give_up(const std::string& why);

}  // namespace firstseen::bench
