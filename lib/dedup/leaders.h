#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "dedup/context.h"
#include "kafka/client.h"

namespace firstseen::dedup {

/// How long a log is; with Watermarks::uncommitted where only that tells whether it has `position`.
Result<std::optional<kafka::Watermarks>> watermarks_around(kafka::Consumer& consumer, const TopicPartition& tp,
                                                           std::int64_t position);

/// Asks the leaders of partitions how long their logs are, and remembers which partitions have none: such a question
/// would take its second in vain, and nothing else be done meanwhile.
class Leaders {
 public:
  explicit Leaders(const Context& context) : context_(context) {}

  /// Nothing: no answer; why_not() tells a person why. `position`: as for watermarks_around.
  Result<std::optional<kafka::Watermarks>> watermarks(const TopicPartition& tp, std::int64_t position = 0);

  /// As far as is known, it has no leader; otherwise one that did not answer.
  [[nodiscard]] bool has_none(const TopicPartition& tp) const;
  [[nodiscard]] std::string why_not(const TopicPartition& tp) const;

 private:
  struct Seen {
    std::int64_t at_ms = 0;  ///< steady
    std::vector<std::int32_t> leaderless;
  };
  Result<void> look(const std::string& topic);
  [[nodiscard]] bool is_due(const std::string& topic) const;

  const Context& context_;
  std::map<std::string, Seen> seen_;  ///< by topic; only of those where a question had no answer
};

}  // namespace firstseen::dedup
