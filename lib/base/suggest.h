#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace firstseen {

/// The candidate that a misspelt name most likely means (few edits away), or empty.
std::string suggest(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace firstseen
