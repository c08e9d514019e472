#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "forgotten.h"
#include "idempotency/result_store.h"

namespace firstseen::exec {

inline constexpr const char* unknown_operation = "no record: this operation was never begun, or its record has expired";

/// Erases the record of a key whose attempt has ended or is abandoned. Exit::try_again, and nothing is erased, while it
/// runs, and when somebody begins or ends it at this very moment. A record that cannot be read is erased.
Result<Forgotten> forget(idempotency::ResultStore& store, const idempotency::Key& key, const Clock& clock);

}  // namespace firstseen::exec
