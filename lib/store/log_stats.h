#pragma once

#include "store/seen_store.h"

namespace firstseen::store {

/// Adds one log's figures to those of all.
void add_log(Stats& stats, const LogStats& log);

}  // namespace firstseen::store
