#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string_view>

namespace firstseen::ingest {

/// The named moments of a batch of a topic, for the crash tests.
enum class Step : std::uint8_t {
  claimed,        ///< a file is this worker's
  published,      ///< every record is in the producer's hands, the transaction is open
  keys_prepared,  ///< the keys of the batch are written down (only with a key)
  prepared,       ///< the ledger knows the batch
  mark_sent,      ///< the transaction carries the batch's mark
  committed,      ///< the broker has answered; the ledger does not know it yet
  settled,        ///< the ledger knows it
};

inline constexpr std::array<std::string_view, 7> step_names{"claimed",   "published", "keys_prepared", "prepared",
                                                            "mark_sent", "committed", "settled"};

/// Called at every step, by any worker's thread; may be empty.
using StepHook = std::function<void(Step)>;

}  // namespace firstseen::ingest
