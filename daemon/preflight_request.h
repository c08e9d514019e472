#pragma once

#include "configuration.h"
#include "kafka/preflight.h"

namespace firstseen {

/// What the broker is asked before anything is read or published under this configuration.
inline kafka::PreflightRequest preflight_request(const Configuration& configuration) {
  const auto& slot = configuration.slot;
  kafka::PreflightRequest request{.client = configuration.client,
                                  .inputs = slot.topics,
                                  .output = slot.output_topic,
                                  .same_partition = slot.partitioner == dedup::Partitioner::same,
                                  .side_topics = {}};
  if (slot.duplicates == dedup::DuplicateRoute::topic) request.side_topics.push_back(slot.duplicates_topic);
  if (slot.rejects == dedup::RejectRoute::topic) request.side_topics.push_back(slot.rejects_topic);
  return request;
}

}  // namespace firstseen
