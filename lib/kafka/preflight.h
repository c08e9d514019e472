#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "kafka/options.h"

namespace firstseen::kafka {

/// What is to be checked before a slot starts.
struct PreflightRequest {
  ClientOptions client;                  ///< how to reach the brokers
  std::vector<std::string> inputs;       ///< names or ^regex (POSIX extended, as librdkafka matches them)
  std::string output;                    ///< may contain {topic}; empty: only the side topics are checked
  bool same_partition = true;            ///< output.partitioner: same
  std::vector<std::string> side_topics;  ///< duplicates and rejects; may contain {topic}
};

struct PreflightReport {
  std::string cluster_id;                                ///< never empty
  std::map<std::string, std::int32_t> input_partitions;  ///< per existing input topic
  /// Smallest and largest of outputs and side topics, for ClientOptions; 0: unknown.
  std::uint64_t max_message_bytes = 0;
  std::uint64_t largest_message_bytes = 0;
  std::vector<std::string> warnings;
};

/// Asked about once a second while no broker answers; false: give up.
using KeepWaiting = std::function<bool()>;

/// Checks that the topics exist and cannot break the promises, before anything is consumed or published. Waits for a
/// broker, and for the id of its cluster, as long as `keep_waiting` says; then the error is Exit::unavailable and tells
/// the last reason. What the topics themselves must change is one error (Exit::config) that lists everything. A login
/// that newer brokers refuse, see scram.h, is logged at once. With exactly_once a broker older than Kafka 2.5 is an
/// error (Exit::unavailable). What the broker does not answer, or an ACL forbids to ask, is a warning.
Result<PreflightReport> preflight(const PreflightRequest& request, const KeepWaiting& keep_waiting, LogSink log);

}  // namespace firstseen::kafka
