#pragma once

#include <atomic>
#include <cstdint>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "configuration.h"

namespace firstseen {

/// How far the history is read.
struct PrimeUntil {
  enum class Kind {
    committed,  ///< up to the group's committed offsets; a partition without one is left out
    end,        ///< up to the present end of the log
    time,       ///< up to the first message at or after `time_ms`
  } kind = Kind::committed;
  std::int64_t time_ms = 0;
};

struct Primed {
  std::uint64_t partitions = 0;  ///< whose next offset was recorded, with the history before it if there is any
  std::uint64_t messages = 0;
};

/// Fills the store from the input topics' history, as far back as the window reaches, and publishes nothing. Each
/// partition's next offset is then where the reading ended, so that `run` goes on there (a group without offsets), or
/// reads only what lies between there and its committed offset. Progress is kept: after `stop` (Exit::try_again) or a
/// crash the next call goes on. As root it leaves the store to the owner of its directory.
Result<Primed> prime(Configuration configuration, const PrimeUntil& until, const std::atomic<bool>& stop,
                     const LogSink& log);

}  // namespace firstseen
