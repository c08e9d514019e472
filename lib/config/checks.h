#pragma once

#include "config/problems.h"
#include "config/settings.h"

namespace firstseen::config {

/// Options that contradict each other, although each is valid by itself.
void check_together(const Settings& settings, Problems& problems);

}  // namespace firstseen::config
