#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string_view>

namespace firstseen::ingest {

/// The named moments of a batch, for the crash tests: into a topic, or into an output file.
enum class Step : std::uint8_t {
  claimed,        ///< a file is this worker's
  published,      ///< every record is in the producer's hands, the transaction is open; or is written, but not synced
  keys_prepared,  ///< the keys of the batch are written down (only with a key)
  prepared,       ///< the ledger knows the batch; or that one is about to be written, and nothing is yet
  mark_sent,      ///< the transaction carries the batch's mark
  committed,      ///< the broker has answered, or the output is synced; the ledger does not know it yet
  settled,        ///< the ledger knows it
  cut_back,       ///< what stood behind the ledger's length is cut off the output; the ledger does not know it yet
};

inline constexpr std::array<std::string_view, 8> step_names{"claimed",   "published", "keys_prepared", "prepared",
                                                            "mark_sent", "committed", "settled",       "cut_back"};
/// Those that a batch of a topic comes to, in this order.
inline constexpr std::array<std::string_view, 7> topic_step_names{"claimed",   "keys_prepared", "published", "prepared",
                                                                  "mark_sent", "committed",     "settled"};
/// Those of an output file. A batch of more than 1 MiB is prepared earlier; cut_back comes behind a failure or a kill.
inline constexpr std::array<std::string_view, 7> output_step_names{
    "claimed", "keys_prepared", "prepared", "published", "committed", "settled", "cut_back"};

/// Called at every step, by any worker's thread; may be empty.
using StepHook = std::function<void(Step)>;

}  // namespace firstseen::ingest
