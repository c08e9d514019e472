#include "board.h"

#include <algorithm>
#include <utility>

namespace firstseen {
namespace {

enum CheckIndex : std::size_t { store_check, broker_check, slot_check };

std::string in_words(const dedup::SlotStatus& status) {
  return status.detail.empty() ? status.state : status.state + ": " + status.detail;
}

void set(Check& check, bool ok, std::string detail, std::int64_t now_ms) {
  if (check.ok != ok) check.since_ms = now_ms;
  check.ok = ok;
  check.detail = std::move(detail);
}

}  // namespace

bool Picture::alive() const {
  const bool has_steps = phase == Phase::waiting_for_broker || phase == Phase::serving;
  return !has_steps || step_age_ms <= step_bound.count();
}

bool Picture::ready() const {
  return std::ranges::all_of(checks, [](const Check& check) { return check.ok; });
}

void Picture::show(std::shared_ptr<const dedup::SlotStatus> fresh, std::int64_t now_ms) {
  set(checks[slot_check], fresh->state == "running", in_words(*fresh), now_ms);
  status = std::move(fresh);
}

Board::Board(const Clock& clock, Millis configured_window) : clock_(clock), stepped_at_ms_(clock.steady_ms()) {
  const std::int64_t now_ms = clock.wall_ms();
  picture_.started_at_ms = now_ms;
  picture_.checks = {Check{"store", false, "not opened yet", now_ms}, Check{"broker", false, "not asked yet", now_ms},
                     Check{"slot", false, "starting", now_ms}};
  dedup::SlotStatus status;
  status.state = "starting";
  status.configured_window_ms = configured_window.count();
  status.effective_window_ms = -1;
  picture_.status = std::make_shared<const dedup::SlotStatus>(std::move(status));
  enter(Phase::opening_store, "opening the store");
}

void Board::enter(Phase phase, std::string detail) {
  stepped();
  const std::scoped_lock lock(mutex_);
  ++changes_;
  picture_.phase = phase;
  const std::int64_t now_ms = clock_.wall_ms();
  picture_.phase_since_ms = now_ms;
  picture_.detail = std::move(detail);
  if (phase != Phase::opening_store) set(picture_.checks[store_check], true, "open", now_ms);
  if (phase == Phase::serving) return;
  auto status = std::make_shared<dedup::SlotStatus>(*picture_.status);
  status->state = phase == Phase::stopping ? "stopping" : "starting";
  status->detail = picture_.detail;
  picture_.show(std::move(status), now_ms);
}

void Board::publish(dedup::SlotStatus status) {
  auto shared = std::make_shared<const dedup::SlotStatus>(std::move(status));
  const std::scoped_lock lock(mutex_);
  ++changes_;
  picture_.show(std::move(shared), clock_.wall_ms());
}

void Board::broker(bool answers, std::string detail) {
  const std::scoped_lock lock(mutex_);
  ++changes_;
  set(picture_.checks[broker_check], answers, std::move(detail), clock_.wall_ms());
}

void Board::note(const kafka::ClientFigures& figures) {
  const std::scoped_lock lock(mutex_);
  ++changes_;
  picture_.clients[figures.side == kafka::ClientFigures::Side::consumer ? 0 : 1] = figures;
}

void Board::configured(const std::string& file, const std::string& text) {
  auto shown = std::make_shared<const ShownConfiguration>(ShownConfiguration{file, text, clock_.wall_ms()});
  const std::scoped_lock lock(mutex_);
  ++changes_;
  picture_.configuration = std::move(shown);
}

void Board::reloaded(Reload outcome) {
  const std::scoped_lock lock(mutex_);
  ++changes_;
  ++picture_.reloads.at(static_cast<std::size_t>(outcome));
}

void Board::certificate(std::optional<std::int64_t> until_ms) {
  const std::scoped_lock lock(mutex_);
  ++changes_;
  picture_.certificate_until_ms = until_ms;
}

Picture Board::look() const {
  const std::int64_t now_ms = clock_.steady_ms();
  const std::scoped_lock lock(mutex_);
  Picture picture = picture_;
  picture.step_age_ms = std::max<std::int64_t>(0, now_ms - stepped_at_ms_.load(std::memory_order_relaxed));
  return picture;
}

Picture Board::look(dedup::SlotStatus younger) const {
  Picture picture = look();
  if (picture.phase == Phase::serving) {  // otherwise the slot has ended meanwhile
    picture.show(std::make_shared<const dedup::SlotStatus>(std::move(younger)), clock_.wall_ms());
  }
  return picture;
}

}  // namespace firstseen
