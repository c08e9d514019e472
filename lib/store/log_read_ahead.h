#pragma once

#include <cstdint>

#include "store/live_log.h"

namespace firstseen::store {

class Env;

/// Asks the kernel for pages of the log shortly before they are read, so that the disk brings many at once where the
/// page cache does not hold the log. Each question is a system call, too much while memory has everything: so they are
/// asked only while page faults show that the thread waits for the disk. Hints only. For the one thread that writes.
class LogReadAhead {
 public:
  /// To be called after each chunk of lookups: counts the thread's major page faults since the last call.
  void note_chunk();
  /// Whether the thread has waited for the disk lately.
  [[nodiscard]] bool worthwhile() const { return chunks_left_ != 0; }

  /// What a lookup of the entry at a live position will read.
  static void of_lookup(const Env& env, const LiveLog& log, LogPosition position);
  /// The entries from here on, which are about to be read in order.
  void of_pass(const Env& env, const LiveLog& log, LogPosition position);

 private:
  std::int64_t faults_ = -1;  ///< so far; -1: not asked yet
  int chunks_left_ = 0;
  LogPosition asked_from_ = 0;  ///< what of_pass has asked for and not yet been told to be behind
  LogPosition asked_to_ = 0;
};

}  // namespace firstseen::store
