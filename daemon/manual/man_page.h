#pragma once

#include <string>
#include <string_view>

#include "manual/command_tree.h"

namespace firstseen::manual {

/// Who made the page, and when: YYYY-MM-DD.
struct Edition {
  std::string version;
  std::string date;
};

/// The page's name without its section: "firstseen-store-lookup".
std::string page_name(const Command& command);

/// A page of section 1, in the macros of man(7). `program` is the whole tree, for the references.
std::string man_page(const Command& command, const Command& program, const Edition& edition);

/// A text as roff takes it: backslashes, and dots and quotes at the begin of a line, are themselves; options' dashes
/// are not made hyphens.
std::string roff(std::string_view text);

}  // namespace firstseen::manual
