#pragma once

#include <cstdint>
#include <string>

#include "base/time_text.h"
#include "store/seen_store.h"

namespace firstseen {

/// Of the entries of a store, for people. A key that is forgotten in a store without any other has no time: 0.
inline std::string entry_time(std::int64_t ms) { return format_time(ms == 0 ? -1 : ms); }

inline std::string entry_time(const store::Entry& entry) {
  return entry.kind == store::EntryKind::seen ? format_time(entry.time_ms) : entry_time(entry.time_ms);
}

}  // namespace firstseen
