#include "dedup/requests.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace firstseen::dedup {

std::future<Result<std::string>> RequestQueue::push(Request request) {
  auto answer = request.reply.get_future();
  const std::scoped_lock lock(mutex_);
  requests_.push_back(std::move(request));
  return answer;
}

std::optional<Request> RequestQueue::pop() {
  const std::scoped_lock lock(mutex_);
  if (requests_.empty()) return std::nullopt;
  std::optional<Request> request(std::move(requests_.front()));
  requests_.pop_front();
  return request;
}

bool RequestQueue::empty() const {
  const std::scoped_lock lock(mutex_);
  return requests_.empty();
}

Result<std::string> RequestHandler::carry_out(const Request& request) {
  return request.kind == Request::Kind::skip ? skip(request.position) : forget(request.digest);
}

Result<std::string> RequestHandler::skip(const Position& position) {
  Partition* partition = session_.partitions().find(position.tp);
  if (partition == nullptr) {
    return fail(Exit::bad_data,
                to_string(position.tp) + " is not assigned to this instance; `firstseen status` lists what is");
  }
  if (partition->cause != StopCause::rejected) {
    const std::string why = partition->shown_mode() == PartitionMode::running
                                ? "is not stopped"
                                : "is stopped for another reason: " + partition->shown_reason();
    return fail(Exit::bad_data, to_string(position.tp) + " " + why);
  }
  if (partition->stopped_at != position.offset) {
    return fail(Exit::bad_data, fmt::format("{} is stopped at offset {}, not at {}", to_string(position.tp),
                                            partition->stopped_at, position.offset));
  }
  memory_.skipped.insert(position);
  if (auto gone_on = session_.go_on(*partition); !gone_on) return forward(gone_on.error());
  context_.log(LogLevel::warning,
               fmt::format("{} offset {} is skipped on request", to_string(position.tp), position.offset));
  return fmt::format("{} goes on behind offset {}", to_string(position.tp), position.offset);
}

Result<std::string> RequestHandler::forget(const Digest& digest) {
  store::Entry tombstone;
  tombstone.digest = digest;
  tombstone.kind = store::EntryKind::forgotten;
  std::int64_t now = context_.clock.wall_ms();
  for (const auto& [tp, partition] : session_.partitions()) now = std::max(now, partition.state.stream_time_ms);
  tombstone.time_ms = now;
  context_.store.stage(tombstone);
  const auto recorded = context_.store.prepare({}, std::numeric_limits<std::int64_t>::min(), true);
  if (!recorded) {
    context_.store.drop_staged();
    return forward(recorded.error());
  }
  return std::string("forgotten: the next message with this key is published");
}

}  // namespace firstseen::dedup
