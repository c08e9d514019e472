#pragma once

#include "base/digest.h"
#include "base/error.h"
#include "store/seen_store.h"

namespace firstseen::store {

/// Makes a key unknown, whichever its window: a tombstone in a batch record of its own. Fails as prepare() does, with
/// nothing staged. Precondition: nothing is staged, no batch is undecided.
Result<void> forget(SeenStore& store, const Digest& digest);

}  // namespace firstseen::store
