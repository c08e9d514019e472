#pragma once

#include "base/clock.h"
#include "kafka/handles.h"

namespace firstseen::kafka {

/// Destroys a client and waits for that no longer than `limit`; returns whether it came to its end.
///
/// librdkafka may never come back from destroying a consumer one of whose topics was deleted (its issues 3954 and
/// 4362): then it is left to a thread that nobody waits for. That thread calls nothing back, since log lines and events
/// wait in queues that nobody serves any more.
bool destroy_within(ClientHandle client, Millis limit);

}  // namespace firstseen::kafka
