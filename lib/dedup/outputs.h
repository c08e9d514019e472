#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/error.h"
#include "dedup/context.h"
#include "dedup/start_plan.h"
#include "kafka/client.h"

namespace firstseen::dedup {

/// Asks how many partitions output topics have, about each once.
class Outputs {
 public:
  explicit Outputs(const Context& context) : context_(context) {}

  /// Fills in what is known of the output of facts.tp. again: not answered.
  Result<kafka::Progress> ask(StartFacts& facts);

 private:
  Result<kafka::Progress> count(const std::string& topic, std::int32_t& partitions);

  const Context& context_;
  std::map<std::string, std::int32_t> counts_;  ///< by topic; 0: it does not exist
};

}  // namespace firstseen::dedup
