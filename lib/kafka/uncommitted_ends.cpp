#include "kafka/uncommitted_ends.h"

#include <utility>

#include "kafka/destroy_within.h"
#include "kafka/queries.h"
#include "kafka/settings.h"

namespace firstseen::kafka {

namespace {
constexpr Millis end_limit{1000};
}

Result<std::optional<std::int64_t>> UncommittedEnds::of(const TopicPartition& tp) {
  if (!client_) {
    auto client = make_uncommitted_handle(options_, callbacks_);
    if (!client) return forward(client.error());
    client_ = std::move(*client);
  }
  auto end = Queries(client_.get(), callbacks_).end(tp);
  rd_kafka_poll(client_.get(), 0);  // its log lines
  answered_ = end && *end;
  return end;
}

void UncommittedEnds::close() {
  answered_ = false;
  if (client_) destroy_within(std::move(client_), end_limit);
}

}  // namespace firstseen::kafka
