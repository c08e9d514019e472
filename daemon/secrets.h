#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/absent.h"
#include "config/problems.h"
#include "config/settings.h"

namespace firstseen {

/// Which secrets a command needs, and so which of them must be there: what ${...} stands for below kafka.properties and
/// http, http.token_file, the files of http.tls and those that kafka.properties name.
enum class Secrets : std::uint8_t {
  leave,     ///< none, since it does not connect: those that are not there are left out
  connect,   ///< all but the files of http, which are not looked into
  validate,  ///< all but those that systemd makes for the service alone (config::is_absent_credential)
  check,     ///< all
};

config::Absent absent_of(Secrets secrets);

/// Whether a file is not here and need not be.
bool may_be_absent(const std::string& file, Secrets secrets);

/// Looks into http.token_file and the files of http.tls.
void check_http_files(const config::Settings& settings, Secrets secrets, config::Problems& problems);

/// The secrets that Secrets::validate could not look into: "OPTION: why".
std::vector<std::string> unchecked_secrets(const config::Settings& settings);

}  // namespace firstseen
