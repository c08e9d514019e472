#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "output.h"
#include "plan/plan.h"

namespace firstseen::plan {

/// A table whose last column says where each figure comes from, then the warnings.
std::string plan_text(const Workload& workload, const Plan& plan);

/// Members in bytes, seconds and milliseconds, as their names say: `workload`, `needs`, `measured`, `warnings`.
Json plan_json(const Workload& workload, const Plan& plan);

}  // namespace firstseen::plan
