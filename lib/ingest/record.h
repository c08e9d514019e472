#pragma once

#include <cstdint>
#include <string_view>

namespace firstseen::ingest {

/// One record of a file; never holds a line feed.
struct Record {
  std::string_view bytes;    ///< lives until the reader's next record, or until the call that was given it returns
  std::uint64_t number = 0;  ///< from 1
  std::uint64_t line = 0;    ///< of its beginning, from 1
};

}  // namespace firstseen::ingest
