#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dedup/status.h"
#include "recent.h"

namespace firstseen {

/// What the store will hold if new keys go on to come as they do. Time is that of the stream, which is the clock's as
/// long as nothing waits: a backlog that is worked off fast neither fills the store sooner nor empties it.
struct Forecast {
  double keys_per_s = 0;
  double full_window_bytes = 0;  ///< the store with a whole window of keys
  double max_size_bytes = 0;     ///< what it may take
  std::int64_t window_ms = 0;
  std::optional<std::int64_t> full_in_ms;  ///< when keys begin to go early; nothing: never
  bool beyond_disk = false;                ///< it would grow by more than the disk has free
};

/// The keys of a store, in the terms of its log.
struct StoredKeys {
  double keys = 0;
  double bytes_per_key = 0;
  double span_ms = 0;  ///< of their times
};

/// With `keys_per_ms` from now on; those that are there leave as they came, evenly.
std::optional<std::int64_t> full_in_ms(const StoredKeys& stored, double keys_per_ms, double window_ms,
                                       double max_size_bytes);

/// By the keys that came in the last minutes. Nothing while there are too few of them, or of minutes, and with rules:
/// of several windows it is not known which gets the keys.
std::optional<Forecast> forecast_of(const dedup::SlotStatus& status, const std::vector<Sample>& samples);

/// For people: "fits: at 1,234 keys/s a window of 1d takes 2.1 GiB".
std::string to_words(const Forecast& forecast);

}  // namespace firstseen
