#pragma once

#include <librdkafka/rdkafka.h>

#include <span>
#include <vector>

#include "base/error.h"
#include "base/message.h"

namespace firstseen::kafka {

/// Moves the fetch positions of assigned partitions; messages fetched before are discarded by librdkafka. Returns the
/// positions whose partitions are not being fetched and so cannot be sought. Waits until librdkafka's own thread has
/// moved them, which asks no broker; an error (restart) if that takes longer than five seconds.
Result<std::vector<Position>> seek_partitions(rd_kafka_t* consumer, std::span<const Position> positions);

}  // namespace firstseen::kafka
