#pragma once

#include <iosfwd>
#include <string>

#include "base/error.h"

namespace firstseen {

/// Of a file that errno says could not be opened, or that could not be read. Exit::io.
Error cannot_read(const std::string& name);

/// Everything that is left of a stream. Exit::io, with `name` in the message, when it cannot be read (a directory can
/// be opened, too).
Result<std::string> read_text(std::istream& input, const std::string& name);

}  // namespace firstseen
