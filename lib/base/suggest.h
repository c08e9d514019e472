#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace firstseen {

/// The candidate that a misspelt name most likely means (few edits away, of which a letter's case is none), or empty.
std::string suggest(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace firstseen
