#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/clock.h"

namespace firstseen::ingest {

/// Which topic, and how it is written to.
struct TopicOptions {
  std::vector<std::string> brokers;
  std::string topic;
  std::map<std::string, std::string> properties;  ///< librdkafka's own, checked by kafka::check_properties()
  std::string compression = "lz4";
  Millis patience{60'000};  ///< how long nothing may move before the broker counts as unavailable
};

}  // namespace firstseen::ingest
