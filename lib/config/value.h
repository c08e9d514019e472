#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "config/options.h"

namespace firstseen::config {

/// Reads a scalar option's value (already expanded) into the settings. `shown` is the text as it stands in the file,
/// for messages: an expanded value is never shown. Not for lists and maps.
Result<void> read_scalar(const Option& option, std::string_view value, std::string_view shown, Settings& settings);

/// The option's value as it would stand in a file. What ${...} put together is its text in the file again; secrets are
/// "<redacted>", but for those whose whole text is one reference.
std::string show_value(const Option& option, Settings& settings);

/// A rule with every default applied; required members are empty.
KeyRule default_rule();

/// Settings with every default applied; required options are empty.
Settings defaults();

}  // namespace firstseen::config
