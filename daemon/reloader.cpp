#include "reloader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <utility>

#include "base/clock.h"
#include "config/difference.h"
#include "kafka/preflight.h"
#include "preflight_request.h"

namespace firstseen {
namespace {

/// For the slot to come between two batches, and for a broker to answer.
constexpr Millis patience{20'000};

using Names = std::vector<std::string>;

/// Side topics that `fresh` publishes to and `running` does not.
Names new_side_topics(const dedup::LiveOptions& running, const dedup::LiveOptions& fresh) {
  Names made;
  if (fresh.duplicates == dedup::DuplicateRoute::topic &&
      (running.duplicates != fresh.duplicates || running.duplicates_topic != fresh.duplicates_topic)) {
    made.push_back(fresh.duplicates_topic);
  }
  if (fresh.rejects == dedup::RejectRoute::topic &&
      (running.rejects != fresh.rejects || running.rejects_topic != fresh.rejects_topic)) {
    made.push_back(fresh.rejects_topic);
  }
  return made;
}

Result<std::string> answer_of(dedup::PendingChange& pending, const Advice& advice) {
  if (pending.answer.wait_for(patience) != std::future_status::ready && pending.take_back()) {
    return fail(
        Exit::try_again,
        fmt::format("the daemon is busy: it reads history again, or the broker is away (`{}` tells); nothing was "
                    "changed, try again",
                    advice.by_store("status")));
  }
  try {
    return pending.answer.get();  // what has begun ends soon
  } catch (const std::future_error&) {
    return fail(Exit::unavailable, "the daemon is stopping");
  }
}

}  // namespace

Reloader::Reloader(const Configuration& running, Parts parts)
    : parts_(std::move(parts)),
      settings_(running.settings),
      slot_options_(dedup::live_options(running.slot)),
      advice_(running.slot.advice),
      http_at_start_(running.http.any()),
      thread_([this] { loop(); }) {}

Reloader::~Reloader() {
  close();
  thread_.join();
}

void Reloader::open() {
  const std::scoped_lock lock(mutex_);
  open_ = true;
  wake_.notify_all();
}

void Reloader::close() {
  const std::scoped_lock lock(mutex_);
  closed_ = true;
  wake_.notify_all();
}

bool Reloader::closed() const {
  const std::scoped_lock lock(mutex_);
  return closed_;
}

void Reloader::attach(dedup::Slot* slot) {
  const std::scoped_lock lock(mutex_);
  slot_ = slot;
}

void Reloader::set_max_message_bytes(std::uint64_t bytes) {
  const std::scoped_lock lock(mutex_);
  max_message_bytes_ = bytes;
}

void Reloader::request() {
  const std::scoped_lock lock(mutex_);
  wanted_ = true;
  wake_.notify_all();
}

void Reloader::loop() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return (wanted_ && open_) || closed_; });
    if (closed_) return;
    wanted_ = false;
    lock.unlock();
    static_cast<void>(reload());
    lock.lock();
  }
}

Result<std::string> Reloader::reload() {
  const std::scoped_lock turn(turn_);
  const auto changed = attempt();
  if (!changed) {
    parts_.board.reloaded(Reload::refused);
    tell_refused(changed.error());
    return forward(changed.error());
  }
  const bool nothing_new = changed->options.empty() && changed->files.empty();
  parts_.board.reloaded(nothing_new ? Reload::unchanged : Reload::applied);
  std::string text = described(*changed);
  parts_.log(LogLevel::info, text);
  return text;
}

std::string Reloader::described(const Changes& changes) {
  std::string text = changes.options.empty()
                         ? "the configuration is as it was"
                         : fmt::format("the configuration has changed: {}", fmt::join(changes.options, ", "));
  if (!changes.files.empty()) text += fmt::format("; read again, and new: {}", fmt::join(changes.files, ", "));
  return text;
}

/// A line for each problem.
void Reloader::tell_refused(const Error& error) const {
  parts_.log(LogLevel::error, "the configuration was not reloaded, and nothing was changed:");
  const std::string& all = error.message;
  for (std::size_t begin = 0; begin <= all.size();) {
    const std::size_t end = std::min(all.find('\n', begin), all.size());
    parts_.log(LogLevel::error, all.substr(begin, end - begin));
    begin = end + 1;
  }
}

/// What can fail comes first; the slot's change is its last.
Result<Reloader::Changes> Reloader::attempt() {
  const auto fresh = parts_.read();
  if (!fresh) return forward(fresh.error());
  Changes changed;
  Names fixed;
  for (const config::Difference& one : config::differences(settings_, fresh->settings)) {
    changed.options.push_back(one.path);
    if (!one.live) fixed.push_back(one.path);
  }
  if (auto live = check_live(fixed, *fresh); !live) return forward(live.error());
  auto faces = parts_.faces.prepare(fresh->http);
  if (!faces) return forward(faces.error());
  for (const std::string& option : faces->renewed) {
    if (std::ranges::find(changed.options, option) == changed.options.end()) changed.files.push_back(option);
  }
  const dedup::LiveOptions wanted = dedup::live_options(fresh->slot);
  if (wanted != slot_options_) {
    if (auto checked = check_side_topics(*fresh); !checked) return forward(checked.error());
    if (auto done = change_slot(wanted); !done) return forward(done.error());
  }
  parts_.faces.apply(std::move(*faces), parts_.log);
  parts_.board.certificate(parts_.faces.certificate_until_ms());
  parts_.log_itself.change(fresh->log_level, fresh->log_format);
  settings_ = fresh->settings;
  slot_options_ = wanted;
  if (!changed.options.empty()) parts_.board.configured(fresh->file.native(), fresh->shown);
  return changed;
}

Result<void> Reloader::check_live(const Names& fixed, const Configuration& fresh) const {
  if (closed() || parts_.stopping()) return fail(Exit::try_again, "the daemon is stopping");
  Names all = fixed;
  if (fresh.http.any() && !http_at_start_) all.emplace_back("http.listen (there was none at the start)");
  if (all.empty()) return {};
  return fail(Exit::config, fmt::format("{}: restart the daemon for another value of: {}. What a reload can change is "
                                        "marked in config/REFERENCE.md",
                                        fresh.file.native(), fmt::join(all, ", ")));
}

/// As before the start: a side topic must be able to take what is published.
Result<void> Reloader::check_side_topics(const Configuration& fresh) {
  const Names fresh_topics = new_side_topics(slot_options_, dedup::live_options(fresh.slot));
  if (fresh_topics.empty()) return {};
  const SystemClock clock;
  const std::int64_t until_ms = clock.steady_ms() + patience.count();
  const auto keep_waiting = [&] { return !closed() && !parts_.stopping() && clock.steady_ms() < until_ms; };
  const auto report = kafka::preflight(preflight_request(fresh, fresh_topics), keep_waiting, parts_.log);
  if (!report) return forward(report.error());
  const std::scoped_lock lock(mutex_);
  if (report->max_message_bytes != 0 && max_message_bytes_ != 0 && report->max_message_bytes < max_message_bytes_) {
    return fail(Exit::config,
                fmt::format("a new side topic takes messages of {} bytes at most, and the producer was made for {}: "
                            "raise its max.message.bytes, or restart the daemon",
                            report->max_message_bytes, max_message_bytes_));
  }
  for (const std::string& warning : report->warnings) parts_.log(LogLevel::warning, warning);
  return {};
}

Result<void> Reloader::change_slot(const dedup::LiveOptions& wanted) {
  dedup::PendingChange pending;
  {
    const std::scoped_lock lock(mutex_);
    if (slot_ == nullptr)
      return fail(Exit::try_again, "the daemon is not ready: it is starting, or stopping; try again");
    pending = slot_->change(wanted);
  }
  const auto answer = answer_of(pending, advice_);
  if (!answer) return forward(answer.error());
  return {};
}

}  // namespace firstseen
