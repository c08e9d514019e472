#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "idempotency/key.h"
#include "idempotency/outcome.h"

namespace firstseen::idempotency {

enum class Status : std::uint8_t {
  in_progress = 1,
  completed = 2,  ///< its outcome is what duplicates get
  failed = 3,     ///< the next attempt may start at once
};

/// "in_progress", "completed", "failed".
std::string_view name_of(Status status);

/// As expires_at_ms: the record stays until it is erased.
inline constexpr std::int64_t never_ms = std::numeric_limits<std::int64_t>::max();

/// What is known of one operation. Times are milliseconds since the Unix epoch, UTC, by the store's wall clock.
struct Record {
  Key key;
  Status status = Status::in_progress;
  std::optional<Outcome> outcome{};   ///< of a completed or failed attempt
  std::int64_t created_at_ms = 0;     ///< when the last attempt began
  std::int64_t completed_at_ms = -1;  ///< when it ended; -1: it has not
  /// From this millisecond on the record counts as absent, if the attempt has ended; never_ms: it does not.
  std::int64_t expires_at_ms = 0;
  std::uint64_t access_count = 0;  ///< lookups that found it

  std::uint32_t attempts = 1;  ///< how often it was begun
  std::uint64_t token = 0;     ///< the fencing token: rises with every attempt, unique within a store; given by it
  std::string owner{};         ///< who makes the attempt: the Owner's id, 32 hexadecimal digits
  std::int64_t lease_until_ms = -1;  ///< in progress: abandoned from this millisecond on, unless renewed

  bool operator==(const Record&) const = default;
};

}  // namespace firstseen::idempotency
