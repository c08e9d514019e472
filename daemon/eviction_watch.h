#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "dedup/status.h"

namespace firstseen {

/// Says when a full store begins to let keys go within their window, and when that window is whole again; between the
/// two it keeps silent. With rules each log of the store is watched by itself.
class EvictionWatch {
 public:
  explicit EvictionWatch(LogSink log) : log_(std::move(log)) {}

  void see(const dedup::SlotStatus& status);

 private:
  struct Seen {
    std::uint64_t evicted = 0;
    bool shortened = false;
  };
  /// `keys`: whose window it is, to stand behind its length; `remedy`: what may be changed in place of max_size.
  void look(std::size_t log, const dedup::WindowStatus& window, std::uint64_t evicted, std::uint64_t max_size,
            const std::string& keys, const std::string& remedy);

  LogSink log_;
  std::vector<Seen> seen_;  ///< by log of the store
};

}  // namespace firstseen
