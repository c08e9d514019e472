#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/digest.h"

namespace firstseen::bench {

/// The messages that every contestant decides: message number i has the time i, in milliseconds, and a key of its own
/// or, for `duplicates` percent of them, the own key of one of the last reach() messages.
///
/// The rule for all is the store's (SeenStore::find with ttl = `window`): a message is a duplicate if one with its key
/// was accepted, as the first, at most `window` milliseconds before. A duplicate does not renew the key; a message that
/// comes later than that is accepted, and the key counts from there.
struct Workload {
  std::uint64_t window = 0;  ///< live keys: a key counts as seen for so many milliseconds, so for so many messages
  std::uint64_t batch = 10'000;
  unsigned int duplicates = 2;  ///< percent

  /// A few repeats come just too late.
  [[nodiscard]] std::uint64_t reach() const { return window + 2 * batch; }
  /// The messages that fill a store: whole batches, a window at least.
  [[nodiscard]] std::uint64_t filling() const { return (window + batch - 1) / batch * batch; }
};

struct Message {
  Digest digest;
  std::int64_t time_ms = 0;
};

/// Messages [first, first + batch); the same for everybody.
void make_batch(const Workload& workload, std::uint64_t first, std::vector<Message>& messages);

/// The message whose own key message i has: i, or one of the reach() before it.
std::uint64_t key_number(const Workload& workload, std::uint64_t i);

/// The keys that the messages of the filling leave behind, each with the time at which it was accepted last, in the
/// order of the keys.
std::vector<Message> left_by_filling(const Workload& workload);

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
  /// Takes in what the filling leaves behind, at once. False: it cannot, and decides those messages like any others.
  virtual bool load(const Workload& /*workload*/) { return false; }
  /// After each batch of the filling; its time does not count.
  virtual void look_at_memory() {}

  struct Size {
    std::uint64_t live = 0;                ///< within the window
    std::uint64_t held = 0;                ///< with what is too old and still there; 0: as `live`
    std::uint64_t disk_bytes = 0;          ///< in use
    std::uint64_t memory_bytes = 0;        ///< of its own, not the page cache
    std::uint64_t worst_memory_bytes = 0;  ///< while it was filled; 0: not known
    std::uint64_t file_bytes = 0;
    std::optional<double> longest_growth_s = {};  ///< that a batch waited for the index to change its size
  };
  [[nodiscard]] virtual Size size() const = 0;
};

/// Prints why and ends the program: a benchmark that meets an error has no result.
[[noreturn]] void give_up(const std::string& why);

}  // namespace firstseen::bench
