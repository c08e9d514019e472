#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace firstseen::config {

/// The brokers that an item of kafka.brokers holds: several where commas separate them, as a variable's value may.
/// Without the blanks around them; what is empty beside a comma is empty here, too.
std::vector<std::string> brokers_in(std::string_view item);

}  // namespace firstseen::config
