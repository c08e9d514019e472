#pragma once

#include <string>

#include "component/daemon/program.h"

namespace firstseen::test {

/// Where the daemon's log says that these pages are, as in "probes at http://"; waits for the `count`th line of them.
/// Empty: it never said so.
inline std::string log_address(const Program& daemon, const std::string& pages, int count = 1) {
  std::string found;
  eventually([&] {
    const std::string log = daemon.log();
    std::size_t at = 0;
    for (int i = 0; i < count; ++i) {
      at = log.find(pages, i == 0 ? 0 : at + 1);
      if (at == std::string::npos) return false;
    }
    const std::size_t end = log.find('\n', at);
    if (end == std::string::npos) return false;
    found = log.substr(at + pages.size(), end - at - pages.size());
    return true;
  });
  return found;
}

}  // namespace firstseen::test
