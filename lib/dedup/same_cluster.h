#pragma once

#include "base/error.h"
#include "dedup/context.h"
#include "kafka/client.h"

namespace firstseen::dedup {

/// The name under which a store is bound to a cluster.
inline constexpr const char* cluster_pin = "cluster";

/// Why nothing goes on while check_cluster has no answer.
inline constexpr const char* no_cluster_id = "no broker tells the id of its cluster, and the store belongs to one";

/// Asks which cluster the client has met: the names of kafka.brokers may lead to another one since the process began,
/// and what that one has committed says nothing of this store. Another one than the store's is Exit::config, as at the
/// start of the process; again: no answer. A store that is bound to none has nothing to compare.
Result<kafka::Progress> check_cluster(const Context& context);

}  // namespace firstseen::dedup
