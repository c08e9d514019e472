#pragma once

#include "base/error.h"
#include "dedup/context.h"
#include "kafka/client.h"

namespace firstseen::dedup {

/// What the rule has found.
enum class Ruling {
  unanswered,  ///< the broker did not answer yet: ask again
  none,        ///< no batch was in doubt
  stands,
  falls,
};

/// The decision rule of design section 2: after every start and every unknown outcome, with no transaction open, the
/// last prepared batch stands if any of its partitions' stable committed offsets carries its id; otherwise its record
/// is cut off. `again`: the broker did not answer yet. Nothing else may be written to the store before this is done.
Result<Ruling> apply_decision_rule(const Context& context);

}  // namespace firstseen::dedup
