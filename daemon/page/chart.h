#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "recent.h"

namespace firstseen::page {

/// One value per span between two samples; nothing where it has none.
using Series = std::vector<std::optional<double>>;

/// Messages per second.
Series rates_of(const std::vector<Sample>& samples);
/// Duplicates among the messages, in percent; nothing where no message came.
Series duplicate_shares_of(const std::vector<Sample>& samples);

/// Messages that wait, at the end of each span; nothing where that is not known.
Series lags_of(const std::vector<Sample>& samples);
/// Milliseconds from a message's timestamp to its commit, on average; nothing where no message came.
Series latencies_of(const std::vector<Sample>& samples);

/// A line chart of the last hour as an SVG figure, newest value at the right edge, the scale from 0 to the largest one.
std::string chart(std::string_view title, std::string_view unit, const Series& series);

}  // namespace firstseen::page
