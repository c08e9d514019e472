#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "board.h"
#include "recent.h"

namespace firstseen::http {

/// What the pages show; outlives them.
struct Sources {
  const Board& board;
  const Recent& recent;
};

/// The texts of pages, so that hundreds of clients cost the loop's cores no more than a few: one is made again when
/// anything that it shows has been written down since, or when a second has passed, for what only time changes (the age
/// of the last step, the process's own figures). Thread-safe.
class MadePages {
 public:
  using Make = std::string (*)(const Sources& sources);

  explicit MadePages(const Sources& sources) : sources_(sources) {}

  [[nodiscard]] std::string get(std::string_view page, Make make);

 private:
  struct State {
    std::uint64_t board = 0;
    std::uint64_t recent = 0;
    std::int64_t second = 0;
    friend bool operator==(const State&, const State&) = default;
  };
  struct Made {
    State state;
    std::string text;
  };

  Sources sources_;
  std::mutex mutex_;
  std::map<std::string, Made, std::less<>> made_;  // guarded by mutex_
};

}  // namespace firstseen::http
