#pragma once

#include <string>

namespace firstseen {

/// 16 hexadecimal digits by which two daemons' configurations, as they are shown, are told apart.
std::string fingerprint(const std::string& text);

}  // namespace firstseen
