#pragma once

#include <iosfwd>
#include <optional>
#include <string>

#include "base/error.h"
#include "key/spec.h"

namespace firstseen::daemon {

struct ExplainOptions {
  std::optional<std::string> default_topic;  ///< for a message that names none
  bool json = false;                         ///< one JSON object instead of a text for people
};

/// Reads one message (message_json.h) and writes how its key comes about: each part, what was found, its bytes
/// in the canonical encoding, the digest, and why the message would be rejected. A message that would be rejected is an
/// answer, not a failure. Fails with Exit::bad_data for what is not a message, Exit::config for a wrong specification,
/// Exit::io when the input cannot be read.
Result<void> explain(const key::KeySpec& spec, std::istream& message_json, const ExplainOptions& options,
                     std::ostream& out);

}  // namespace firstseen::daemon
