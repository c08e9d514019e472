#include "kafka/seek.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "kafka/failure.h"
#include "kafka/handles.h"
#include "kafka/partition_list.h"

namespace firstseen::kafka {

namespace {

// Before librdkafka 2.1.0 a finite timeout was taken for microseconds: this is 60 ms there.
constexpr int seek_timeout_ms = 60'000;
constexpr std::chrono::seconds seek_limit{5};

bool may_be_sought_later(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR__PREV_IN_PROGRESS || code == RD_KAFKA_RESP_ERR__IN_PROGRESS ||
         code == RD_KAFKA_RESP_ERR__TIMED_OUT;
}

bool is_not_fetched(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR__STATE || code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
}

}  // namespace

Result<std::vector<Position>> seek_partitions(rd_kafka_t* consumer, std::span<const Position> positions) {
  const auto deadline = std::chrono::steady_clock::now() + seek_limit;
  std::vector<Position> open(positions.begin(), positions.end());
  std::vector<Position> not_fetched;
  while (!open.empty()) {
    const PartitionListHandle list = make_list(std::span<const Position>(open));
    const ErrorHandle error(rd_kafka_seek_partitions(consumer, list.get(), seek_timeout_ms));
    if (error && rd_kafka_error_code(error.get()) != RD_KAFKA_RESP_ERR__TIMED_OUT) {
      return forward(to_error(failure_of(Call::consume, *error)));
    }
    open.clear();
    for (const auto& element : elements(*list)) {
      const Position position{to_topic_partition(element), element.offset};
      if (is_not_fetched(element.err)) {
        not_fetched.push_back(position);
      } else if (may_be_sought_later(element.err)) {
        open.push_back(position);
      } else if (element.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return forward(to_error({Call::consume, element.err, false, false, false,
                                 fmt::format("seek {} to offset {}: {}", to_string(position.tp), position.offset,
                                             rd_kafka_err2str(element.err))}));
      }
    }
    if (!open.empty() && std::chrono::steady_clock::now() > deadline) {
      return fail(Action::restart, Exit::unavailable,
                  fmt::format("cannot seek {} to offset {}: librdkafka does not answer", to_string(open.front().tp),
                              open.front().offset));
    }
  }
  return not_fetched;
}

}  // namespace firstseen::kafka
