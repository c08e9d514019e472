#pragma once

#include <string>

namespace firstseen {

/// "firstseen 0.1.0".
std::string version_line();

}  // namespace firstseen
