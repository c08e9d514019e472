#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "kafka/preflight.h"

namespace firstseen::kafka {

/// A topic as the cluster describes it.
struct TopicFacts {
  std::int32_t partitions = 0;
  std::map<std::string, std::string> settings;  ///< effective topic settings; empty: could not be asked
};

using ClusterTopics = std::map<std::string, TopicFacts>;

/// The existing topics that the configured inputs name or match. Exit::config for a pattern that is no regex.
Result<std::vector<std::string>> matching_inputs(const std::vector<std::string>& inputs, const ClusterTopics& topics);

/// An output's or side topic's name for one input topic: {topic} is replaced.
std::string destination_for(const std::string& pattern, const std::string& input);

struct TopicFindings {
  std::vector<std::string> errors;  ///< the promises could not be kept; each says what to change
  std::vector<std::string> warnings;
  /// Smallest and largest max.message.bytes of outputs and side topics; 0: unknown.
  std::uint64_t max_message_bytes = 0;
  std::uint64_t largest_message_bytes = 0;
};

/// The rules of the preflight, without a broker. `matched` are the existing input topics.
TopicFindings check_topics(const PreflightRequest& request, const std::vector<std::string>& matched,
                           const ClusterTopics& topics);

}  // namespace firstseen::kafka
