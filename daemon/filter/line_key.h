#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "key/spec.h"

namespace firstseen::filter {

/// How the key of a line is made of these parts, payload or payload:/POINTER each; of none: all of the line is the key.
/// Exit::usage for another part, since a line has nothing but its text.
Result<key::KeySpec> line_key(const std::vector<std::string>& parts);

}  // namespace firstseen::filter
