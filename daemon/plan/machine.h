#pragma once

#include <filesystem>

#include "plan/plan.h"

namespace firstseen::plan {

/// This machine: the memory that a process here may have (that of its control group, if that is less), and, unless
/// `store_path` is empty, the free space of the file system on which that is or would be made.
Machine this_machine(const std::filesystem::path& store_path);

}  // namespace firstseen::plan
