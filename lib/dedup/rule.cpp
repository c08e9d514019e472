#include "dedup/rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "dedup/metadata.h"

namespace firstseen::dedup {

Result<Ruling> apply_decision_rule(const Context& context) {
  const std::optional<store::UndecidedBatch> batch = context.store.undecided();
  if (!batch) return Ruling::none;

  std::vector<TopicPartition> partitions;
  partitions.reserve(batch->ranges.size());
  for (const store::SourceRange& range : batch->ranges) partitions.push_back(range.tp);
  const auto committed = context.consumer.committed(partitions);
  if (!committed) return forward(committed.error());
  if (!*committed) return Ruling::unanswered;

  const std::string proof = commit_metadata(context.store.id(), batch->id);
  const bool stands = std::any_of((*committed)->begin(), (*committed)->end(),
                                  [&](const kafka::Committed& c) { return c.offset && c.metadata == proof; });
  if (stands) {
    context.store.settle();
  } else if (const auto fallen = context.store.roll_back(); !fallen) {
    return forward(fallen.error());
  }
  context.log(LogLevel::info, fmt::format("batch {} was in doubt: {}", batch->id.sequence,
                                          stands ? "Kafka committed it, it stands" : "not committed, it is cut off"));
  return stands ? Ruling::stands : Ruling::falls;
}

}  // namespace firstseen::dedup
