#pragma once

#include <string>
#include <string_view>

namespace firstseen::config {

/// Which values below kafka.properties and http may be left out where the ${...} in them stands for something that is
/// not there: an unset variable, a file that cannot be read.
enum class Absent {
  refuse,       ///< none
  credentials,  ///< files that systemd makes for a service while it runs, and for it alone
  any,          ///< all: nobody connects
};

/// A file below /run/credentials that cannot be read, and that this process has not been given
/// ($CREDENTIALS_DIRECTORY).
bool is_absent_credential(const std::string& file);

/// Of an option's text whose ${...} could not be expanded. What is malformed, too large or no text is never left out.
bool may_be_left_out(Absent which, std::string_view option, std::string_view text);

}  // namespace firstseen::config
