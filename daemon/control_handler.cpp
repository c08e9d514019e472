#include "control_handler.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <limits>
#include <utility>

#include "base/hex.h"
#include "status_report.h"

namespace firstseen {
namespace {

/// A slot answers between two batches; in an outage it cannot.
constexpr Millis answer_limit{10'000};

Result<Json> wait_for(std::future<Result<std::string>> answer) {
  if (answer.wait_for(answer_limit) != std::future_status::ready) {
    return fail(Exit::try_again,
                "the daemon is busy (is the broker away?): the request stays queued and may be done later; see "
                "'firstseen status'");
  }
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
  if (command != "skip" && command != "forget") {
    return fail(Exit::usage, "unknown command: this daemon answers status, skip and forget");
  }
  auto pending = command == "skip" ? skip(request) : forget(request);
  if (!pending) return forward(pending.error());
  return wait_for(std::move(*pending));
}

Json ControlHandler::status() {
  const std::scoped_lock lock(mutex_);
  if (slot_ != nullptr) return status_to_json(slot_->status(), recent_.history());
  dedup::SlotStatus status;
  status.state = "starting";
  status.detail = detail_;
  status.configured_window_ms = configured_window_.count();
  status.effective_window_ms = -1;
  return status_to_json(status, recent_.history());
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

}  // namespace firstseen
