#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "config/absent.h"
#include "config/problems.h"
#include "config/settings.h"

namespace firstseen::config {

/// A check by a part that this library does not know; adds what it finds under the option's path.
using Check = std::function<void(const Settings&, Problems&)>;

/// Reads a configuration file. Every semantic problem at once, or the first error of YAML's syntax; the Error's message
/// holds one line per problem: "FILE:LINE:COLUMN: OPTION: MESSAGE". Always Exit::config.
/// `checks` see the settings that could be read; an option that is already reported holds its default.
/// `absent`: which values may be left out, see Settings::left_out; checks take them for reported.
Result<Settings> load(const std::filesystem::path& file, const std::vector<Check>& checks,
                      Absent absent = Absent::refuse);

/// The same from a text; `name` stands for the file's in messages.
Result<Settings> load_text(const std::string& yaml, std::string_view name, const std::vector<Check>& checks,
                           Absent absent = Absent::refuse);

/// The effective settings as a configuration file that load_text() reads back to the same. What ${...} put together is
/// its text in the file again, never the value; other secrets are "<redacted>".
std::string dump(const Settings& settings);

}  // namespace firstseen::config
