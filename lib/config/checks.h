#pragma once

#include <string>

#include "config/problems.h"
#include "config/settings.h"

namespace firstseen::config {

/// Values that are wrong by themselves.
void check_values(const Settings& settings, Problems& problems);

/// Options that contradict each other, although each is valid by itself.
void check_together(const Settings& settings, Problems& problems);

/// The concrete output topic of an input topic.
std::string output_for(const std::string& pattern, const std::string& topic);

}  // namespace firstseen::config
