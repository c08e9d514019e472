#include "control_handler.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/hex.h"
#include "pause_limits.h"
#include "status_report.h"

namespace firstseen {
namespace {

/// A slot answers between two batches; in an outage it cannot.
constexpr Millis answer_limit{10'000};

std::string still_queued(const Advice& advice) {
  return fmt::format(
      "the daemon is busy (it reads history again, or the broker is away): the request stays queued and may be done "
      "later; see `{}`",
      advice.by_store("status"));
}

std::string still_pausing(const Advice& advice) {
  return fmt::format(
      "what is in flight is not finished yet (is the broker away?): the daemon pauses as soon as it is, and `{}` tells "
      "when; `{}` takes the wish back",
      advice.by_store("status"), advice.by_store("resume"));
}

Result<Json> wait_for(std::future<Result<std::string>> answer, Millis limit, const std::string& otherwise) {
  if (answer.wait_for(limit) != std::future_status::ready) return fail(Exit::try_again, otherwise);
  try {
    auto text = answer.get();
    if (!text) return forward(text.error());
    return Json(std::move(*text));
  } catch (const std::future_error&) {
    return fail(Exit::unavailable, "the daemon stopped before it could do this");
  }
}

std::optional<std::int64_t> number_in(const Json& request, const char* name, std::int64_t max) {
  const auto member = request.find(name);
  if (member == request.end() || !member->is_number_unsigned()) return std::nullopt;
  const auto value = member->get<std::uint64_t>();
  if (value > static_cast<std::uint64_t>(max)) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

std::optional<std::string> text_in(const Json& request, const char* name) {
  const auto member = request.find(name);
  if (member == request.end() || !member->is_string()) return std::nullopt;
  return member->get<std::string>();
}

}  // namespace

void ControlHandler::starting(std::string detail) {
  const std::scoped_lock lock(mutex_);
  detail_ = std::move(detail);
}

void ControlHandler::attach(dedup::Slot* slot) {
  const std::scoped_lock lock(mutex_);
  slot_ = slot;
}

void ControlHandler::detach() {
  const std::scoped_lock lock(mutex_);
  slot_ = nullptr;
  detail_ = "stopping";
}

Result<Json> ControlHandler::answer(const Json& request) {
  const auto command = text_in(request, "command");
  if (command == "status") return status();
  if (command == "pause") return pause(request);
  if (command == "resume") return resume();
  if (command == "reload") return reload();
  if (command != "skip" && command != "forget") {
    return fail(Exit::usage, "unknown command: this daemon answers status, skip, forget, pause, resume and reload");
  }
  auto pending = command == "skip" ? skip(request) : forget(request);
  if (!pending) return forward(pending.error());
  return wait_for(std::move(*pending), answer_limit, still_queued(advice_));
}

Json ControlHandler::status() {
  std::optional<dedup::SlotStatus> younger;
  {
    const std::scoped_lock lock(mutex_);
    if (slot_ != nullptr) younger = slot_->status();
  }
  return status_to_json(younger ? board_.look(std::move(*younger)) : board_.look(), recent_.history());
}

Result<dedup::Slot*> ControlHandler::slot() const {
  if (slot_ == nullptr) return fail(Exit::try_again, "the daemon is not ready: " + detail_);
  return slot_;
}

Result<ControlHandler::Answer> ControlHandler::skip(const Json& request) {
  const auto topic = text_in(request, "topic");
  const auto partition = number_in(request, "partition", std::numeric_limits<std::int32_t>::max());
  const auto offset = number_in(request, "offset", std::numeric_limits<std::int64_t>::max());
  if (!topic || !partition || !offset) {
    return fail(Exit::usage, "skip needs topic (a text), partition and offset (numbers from 0)");
  }
  const std::scoped_lock lock(mutex_);
  const auto running = slot();
  if (!running) return forward(running.error());
  return (*running)->skip({*topic, static_cast<std::int32_t>(*partition)}, *offset);
}

Result<ControlHandler::Answer> ControlHandler::forget(const Json& request) {
  const auto text = text_in(request, "digest");
  const auto bytes = text ? from_hex(*text) : std::nullopt;
  Digest digest;
  if (!bytes || bytes->size() != digest.bytes.size()) {
    return fail(Exit::usage, "forget needs digest, a text of 32 hexadecimal digits");
  }
  std::ranges::copy(*bytes, digest.bytes.begin());
  const std::scoped_lock lock(mutex_);
  const auto running = slot();
  if (!running) return forward(running.error());
  return (*running)->forget(digest);
}

Result<Json> ControlHandler::pause(const Json& request) {
  const auto by = text_in(request, "by");
  const auto limit = number_in(request, "timeout_ms", longest_pause_wait.count());
  if (!by || by->empty() || by->size() > most_asker_bytes || !limit) {
    return fail(Exit::usage,
                fmt::format("pause needs by (a text of {} bytes at most) and timeout_ms (a number up to {})",
                            most_asker_bytes, longest_pause_wait.count()));
  }
  Answer pending;
  {
    const std::scoped_lock lock(mutex_);
    const auto running = slot();
    if (!running) return forward(running.error());
    pending = (*running)->pause(*by);
  }
  return wait_for(std::move(pending), Millis{*limit}, still_pausing(advice_));
}

Result<Json> ControlHandler::reload() {
  auto text = reload_();
  if (!text) return forward(text.error());
  return Json(std::move(*text));
}

Result<Json> ControlHandler::resume() {
  const std::scoped_lock lock(mutex_);
  const auto running = slot();
  if (!running) return forward(running.error());
  return Json((*running)->resume());
}

}  // namespace firstseen
