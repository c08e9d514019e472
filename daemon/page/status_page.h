#pragma once

#include <string>

#include "board.h"
#include "recent.h"

namespace firstseen::page {

/// All that the page shows.
struct StatusPage {
  Picture picture;
  History history;
  bool stands_still = false;  ///< it is not to load itself again
};

/// One HTML document for people, without scripts and without anything loaded from elsewhere.
std::string render(const StatusPage& page);

}  // namespace firstseen::page
