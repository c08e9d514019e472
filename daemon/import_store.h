#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/error.h"
#include "base/log.h"
#include "configuration.h"

namespace firstseen {

struct Imported {
  std::uint64_t records = 0;
  std::uint64_t entries = 0;
  bool undecided = false;               ///< the next start decides the last batch by what the group has committed
  std::filesystem::path replaced = {};  ///< where the store is kept that was there before; empty: there was none
};

/// Puts a copy of the store in `source` (as `firstseen store export` makes one) where the configuration's store is. It
/// is verified first, and everything is checked that a start checks without a broker; a store that is there already is
/// an Error unless `replace`, and is then kept beside. Nothing is changed before the copy is complete and on disk.
Result<Imported> import_store(const Configuration& configuration, const std::filesystem::path& source, bool replace,
                              const LogSink& log);

}  // namespace firstseen
