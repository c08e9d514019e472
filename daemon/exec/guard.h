#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/advice.h"
#include "base/clock.h"
#include "base/error.h"
#include "idempotency/handler.h"
#include "idempotency/result_store.h"

namespace firstseen::exec {

inline constexpr Millis forever{Millis::max()};
inline constexpr std::uint64_t largest_output = 1ULL << 30U;

struct GuardOptions {
  idempotency::Key key = *idempotency::Key::make("-");
  std::vector<std::string> command;  ///< at least one word
  Advice advice = {};                ///< with the directory of the records
  Millis ttl{24LL * 3600 * 1000};
  Millis lease{60'000};
  std::optional<Millis> timeout;
  Millis kill_after{10'000};
  Millis wait{0};                ///< for a run in flight
  std::uint64_t keep_bytes = 0;  ///< of each of stdout and stderr; at most largest_output
  bool retry_timeout = false;    ///< a run that ended so may be run again
  bool retry_signal = false;
  bool retry_failure = false;  ///< an exit status that is not 0
  idempotency::OnAbandoned on_abandoned = idempotency::OnAbandoned::conflict;
};

/// Runs the command unless its key is known, and returns the exit status to leave with: the command's, now or of the
/// first time. Fails with Exit::try_again when a run is in flight, and Exit::unavailable when one was abandoned. A
/// command that could not be started is run again the next time. One thread, and no others in the process.
Result<int> run_once(std::shared_ptr<idempotency::ResultStore> store, const GuardOptions& options);

}  // namespace firstseen::exec
