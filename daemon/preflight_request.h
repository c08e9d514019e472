#pragma once

#include <string>
#include <utility>
#include <vector>

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

/// What it is asked before a running daemon publishes to these as well. Its other topics it has, or waits for.
inline kafka::PreflightRequest preflight_request(const Configuration& configuration,
                                                 std::vector<std::string> new_side_topics) {
  return {.client = configuration.client,
          .inputs = configuration.slot.topics,
          .output = "",
          .same_partition = false,
          .side_topics = std::move(new_side_topics)};
}

}  // namespace firstseen
