#include "dedup/requests.h"

#include <fmt/format.h>

#include <utility>

#include "store/forget.h"

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
  switch (request.kind) {
    case Request::Kind::skip:
      return skip(request.position);
    case Request::Kind::forget:
      return forget(request.digest);
    case Request::Kind::change:
      break;
  }
  if (request.begun->test_and_set()) return fail(Exit::try_again, "the change was taken back");
  return change(request.options);
}

Result<std::string> RequestHandler::skip(const Position& position) {
  Partition* partition = session_.partitions().find(position.tp);
  if (partition == nullptr) {
    return fail(Exit::bad_data, fmt::format("{} is not assigned to this instance; `{}` lists what is",
                                            to_string(position.tp), options_.advice.by_store("status")));
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
  if (!session_.has_history()) {
    return fail(
        Exit::try_again,
        fmt::format(
            "nothing was forgotten: this instance has no partitions yet, or their beginnings are still asked for, and "
            "history that it reads again would make the key known again; try again once `{}` shows partitions and says "
            "running, or ask the instance that has them",
            options_.advice.by_store("status")));
  }
  if (auto forgotten = store::forget(context_.store, digest); !forgotten) return forward(forgotten.error());
  return std::string("forgotten: the next message with this key is published");
}

/// What can fail comes first, so that a change is made as a whole or not at all.
Result<std::string> RequestHandler::change(const LiveOptions& wanted) {
  if (wanted.rule_ttls.size() != options_.rule_ttls.size()) {
    return fail(Exit::internal, "the number of rules cannot change while the slot runs");
  }
  if (wanted.ttl != options_.ttl || wanted.rule_ttls != options_.rule_ttls) {
    if (auto set = context_.store.set_ttls(wanted.ttl, wanted.rule_ttls); !set) return forward(set.error());
  }
  const bool other_rejects = wanted.rejects != options_.rejects;
  options_.ttl = wanted.ttl;
  options_.rule_ttls = wanted.rule_ttls;
  options_.duplicates = wanted.duplicates;
  options_.duplicates_topic = wanted.duplicates_topic;
  options_.rejects = wanted.rejects;
  options_.rejects_topic = wanted.rejects_topic;
  if (other_rejects) let_rejected_go_on();
  return std::string("changed");
}

/// Another route may have a way for the messages at which partitions have stopped; if it has none, they stop again.
void RequestHandler::let_rejected_go_on() {
  for (auto& [tp, partition] : session_.partitions()) {
    if (partition.cause != StopCause::rejected) continue;
    if (auto gone_on = session_.go_on(partition); !gone_on) {
      context_.log(LogLevel::error, to_string(tp) + ": " + gone_on.error().message);
    }
  }
}

}  // namespace firstseen::dedup
