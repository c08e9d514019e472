#pragma once

#include <string>

namespace firstseen {

/// What `firstseen store forget` has done.
struct Forgotten {
  bool known = true;  ///< false: there was nothing to forget
  std::string text;   ///< for a person, without a line's end
};

}  // namespace firstseen
