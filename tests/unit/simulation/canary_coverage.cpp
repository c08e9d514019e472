// Deliberate defects in what of the window is covered.
#include <limits>
#include <map>

#include "canary.h"
#include "client_decorator.h"
#include "guarded_store.h"
#include "interpose.h"

namespace firstseen::simulation {

namespace {

using kafka::PartitionEvent;

/// Entries leave 400 ms early.
class SweepsEarly final : public StoreDecorator {
 public:
  using StoreDecorator::StoreDecorator;
  Result<store::BatchId> prepare(std::span<const store::SourceRange> ranges, std::int64_t expire_before_ms,
                                 bool decided) override {
    const bool sweeps = expire_before_ms != std::numeric_limits<std::int64_t>::min();
    return StoreDecorator::prepare(ranges, sweeps ? expire_before_ms + 400 : expire_before_ms, decided);
  }
};

/// Wherever reading has got to, it seems to be the end of the log: the sweep leaves behind whoever is slow.
class TellsEndsTooEarly final : public ConsumerDecorator {
 public:
  using ConsumerDecorator::ConsumerDecorator;
  Result<kafka::Taken> take(std::size_t max_messages, Millis wait) override {
    auto taken = ConsumerDecorator::take(max_messages, wait);
    if (!taken) return taken;
    std::map<TopicPartition, std::int64_t> ends;
    for (const MessageView& message : taken->messages)
      ends[{std::string(message.topic), message.partition}] = message.offset + 1;
    for (const auto& [tp, end] : ends) taken->events.push_back({PartitionEvent::Kind::end_of_log, tp, end, ""});
    return taken;
  }
};

/// What is read again is not recorded.
class ForgetsHistory final : public StoreDecorator {
 public:
  using StoreDecorator::StoreDecorator;
  Result<store::BatchId> prepare(std::span<const store::SourceRange> ranges, std::int64_t expire_before_ms,
                                 bool decided) override {
    if (decided) inner().drop_staged();
    return StoreDecorator::prepare(ranges, expire_before_ms, decided);
  }
};

}  // namespace

std::vector<Canary> coverage_canaries() {
  return {
      {"SweepsEarly", "nothing twice: the window lasts", violation::twice, on_store<SweepsEarly>()},
      {"TellsEndsTooEarly", "the sweep waits for the slowest partition", violation::twice,
       on_consumer<TellsEndsTooEarly>()},
      {"ForgetsHistory", "what a store lacks is read again", violation::twice, on_store<ForgetsHistory>()},
  };
}

}  // namespace firstseen::simulation
