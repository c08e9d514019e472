#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "idempotency/outcome.h"

namespace firstseen::exec {

/// The start of what a command wrote to one stream, and how much it wrote in all.
struct Captured {
  std::string kept;
  std::uint64_t total_bytes = 0;
  bool operator==(const Captured&) const = default;
};

/// How a command ended and what it wrote.
struct CommandResult {
  enum class End : std::uint8_t {
    exited = 1,       ///< `number` is the exit status
    signalled = 2,    ///< `number` is the signal
    timed_out = 3,    ///< ended by the time limit
    not_started = 4,  ///< `number` is 127 (there is no such command) or 126 (it cannot be executed)
  };
  End end = End::exited;
  std::uint16_t number = 0;
  Captured out;
  Captured err;

  bool operator==(const CommandResult&) const = default;
};

/// As a shell reports it: the exit status, 128 + the signal, 124 after a timeout (as timeout(1)), 126 or 127.
int exit_status(const CommandResult& result);

/// The result as the outcome of an operation; its value is the encoding that daemon/README.md specifies.
idempotency::Outcome to_outcome(const CommandResult& result);

/// The result of such a value; nothing for bytes that to_outcome cannot have made.
std::optional<CommandResult> decode_result(std::string_view value);

}  // namespace firstseen::exec
