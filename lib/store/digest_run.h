#pragma once

#include <cstddef>
#include <cstdint>

namespace firstseen::store {

/// The digests at positions of the log in a row.
struct DigestRun {
  const std::uint8_t* first = nullptr;  ///< null: these positions have none (the gap behind a record)
  std::size_t stride = 0;               ///< bytes from one to the next
  std::size_t count = 0;                ///< of positions
};

}  // namespace firstseen::store
