#pragma once

#include <string>
#include <vector>

#include "config/settings.h"

namespace firstseen::config {

/// An option of which two settings have different values; the values are compared, not their texts in a file.
struct Difference {
  std::string path;   ///< "window.ttl", "kafka.properties.sasl.password", "key.rules[1].ttl"
  bool live = false;  ///< a running daemon can be given the other value

  bool operator==(const Difference&) const = default;
};

/// In the order of the reference.
std::vector<Difference> differences(const Settings& one, const Settings& other);

}  // namespace firstseen::config
