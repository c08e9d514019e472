#pragma once

#include <optional>
#include <string>

#include "top/frame.h"
#include "top/rates.h"

namespace firstseen::top {

/// What is known of a daemon.
struct View {
  std::string store;          ///< which daemon: its store's directory
  std::int64_t wall_ms = 0;   ///< now
  std::optional<Sample> now;  ///< the last that it said
  Rates rates;
  std::string trouble;  ///< why there is nothing newer; empty: it answers
};

/// Verdict, rates, window, store, then the partitions (those that stand still or lag most first) and the last warnings
/// and errors, as many of both as fit into `rows`; on screens that are high enough also which daemon it is, latency and
/// forecast.
Frame show(const View& view, std::size_t rows);

}  // namespace firstseen::top
