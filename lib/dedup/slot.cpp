#include "dedup/slot.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <tuple>
#include <utility>

#include "dedup/context.h"
#include "dedup/publish_stage.h"
#include "dedup/requests.h"
#include "dedup/session.h"
#include "dedup/stream_time.h"

namespace firstseen::dedup {

namespace {

constexpr std::int64_t longest_restart_wait_ms = 10'000;
/// How old a status may be: making one costs more than a small batch.
constexpr std::int64_t status_interval_ms = 50;
/// How old the lags in it may be on top: the client searches for each partition.
constexpr std::int64_t ends_interval_ms = 1000;

}  // namespace

class Slot::Impl {
 public:
  explicit Impl(SlotParts parts);
  ~Impl() { end_publishing(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  Impl(Impl&&) = delete;
  Impl& operator=(Impl&&) = delete;

  Result<Stepped> step();
  void step_publishing() {
    if (stage_) stage_->step();
  }
  void request_stop(Millis limit);
  std::future<Result<std::string>> ask(Request request) { return requests_.push(std::move(request)); }
  std::future<Result<std::string>> pause(const std::string& by) {
    return memory_.hold.ask(by, parts_.clock->wall_ms());
  }
  std::string resume() { return memory_.hold.release(); }
  SlotStatus status() const;

 private:
  bool await_clock();
  Result<Stepped> start();
  Result<Stepped> restart(const Error& error);
  void start_session();
  void note_progress();
  void close();
  void end_publishing();
  void answer_requests();
  enum class Among { all, begun };
  [[nodiscard]] std::int64_t covered_ms(std::int64_t ttl_ms, std::int64_t lost_before_ms, Among among) const;
  void show_windows(SlotStatus& status) const;
  void show_pause(SlotStatus& status) const;
  void publish_status();
  void really_idle(Millis wait);

  SlotParts parts_;
  SlotMemory memory_;
  StopControl stop_;
  std::function<void(Millis)> idle_;

  // One session at a time; each of these refers to those above it, so they live and die together.
  kafka::Client client_;
  std::optional<PublishStage> stage_;
  std::optional<Context> context_;
  std::optional<Session> session_;
  std::thread publishing_;
  std::int64_t status_at_ms_ = 0;  ///< steady; when the last one was made
  std::int64_t ends_at_ms_ = 0;    ///< steady; when the ends of the logs were looked up
  bool shown_held_ = false;        ///< by that status
  int restarts_in_a_row_ = 0;
  std::optional<std::int64_t> fenced_at_ms_;  ///< steady; forgotten after progress and some time
  std::int64_t start_at_ms_ = 0;
  std::string restart_reason_;
  bool clock_awaited_ = false;  ///< nothing is begun until the clock is set
  bool had_client_ = false;     ///< one was made since the process began
  RequestQueue requests_;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  SlotStatus status_;
};

Slot::Impl::Impl(SlotParts parts) : parts_(std::move(parts)) {
  idle_ = parts_.idle ? parts_.idle : [this](Millis wait) { really_idle(wait); };
  status_.state = "starting";
  status_.configured_window_ms = parts_.options.longest_ttl().count();
}

void Slot::Impl::really_idle(Millis wait) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, wait, [this] { return stop_.requested(); });
}

Result<Slot::Stepped> Slot::Impl::step() {
  if (!session_) {
    if (stop_.requested()) return Stepped::stopped;
    const std::int64_t wait = start_at_ms_ - parts_.clock->steady_ms();
    if (wait > 0) {
      idle_(Millis{std::min<std::int64_t>(wait, 1000)});
      return Stepped::more;
    }
    if (await_clock()) return Stepped::more;
    return start();
  }
  const auto stepped = session_->step();
  if (stepped && session_->made_progress()) note_progress();
  if (!stepped && stepped.error().action == Action::restart) return restart(stepped.error());
  const bool goes_on = stepped && *stepped == Session::Stepped::more;
  const bool old = parts_.clock->steady_ms() - status_at_ms_ >= status_interval_ms;
  if (!goes_on || old || session_->held() != shown_held_) publish_status();
  if (session_->held()) memory_.hold.drained();  // whoever is told so finds it in the status
  if (!stepped) {
    close();
    return forward(stepped.error());
  }
  if (*stepped == Session::Stepped::more) return Stepped::more;
  close();
  return Stepped::stopped;
}

/// Returns whether the clock is still to be set.
bool Slot::Impl::await_clock() {
  std::string problem = unset_clock(parts_.clock->wall_ms());
  const bool begins = !problem.empty() && !clock_awaited_;
  clock_awaited_ = !problem.empty();
  if (!clock_awaited_) return false;
  restart_reason_ = std::move(problem);
  if (begins) {
    if (parts_.log) parts_.log(LogLevel::error, restart_reason_);
    publish_status();
  }
  idle_(Millis{1000});
  return true;
}

Result<Slot::Stepped> Slot::Impl::start() {
  auto client = parts_.make_client();
  if (!client) {
    // With what one was made of before, it fails for a while only: a certificate is being exchanged, or the process has
    // no thread or file left.
    if (client.error().action == Action::stop && !had_client_) return forward(client.error());
    return restart(client.error());
  }
  had_client_ = true;
  client_ = std::move(*client);
  start_session();
  publish_status();
  return Stepped::more;
}

void Slot::Impl::start_session() {
  PublishStage::Options options;
  options.guarantee = parts_.options.guarantee;
  options.slice = parts_.publish_slice.value_or(options.slice);
  stage_.emplace(*client_.publisher, parts_.steps, *parts_.clock, options);
  context_.emplace(Context{parts_.options, *parts_.deriver, *parts_.store, *client_.consumer, *parts_.clock,
                           parts_.steps, stop_, idle_, parts_.log});
  SessionHooks hooks;
  hooks.between = [this] { answer_requests(); };
  hooks.refuse = [this](const std::string& why) {
    while (auto request = requests_.pop()) request->reply.set_value(Result<std::string>(fail(Exit::try_again, why)));
  };
  hooks.requests_wait = [this] { return !requests_.empty(); };
  if (parts_.publish_slice) {
    hooks.wait_for_publishing = [this](Millis) { idle_(Millis{1}); };
  } else {
    hooks.wait_for_publishing = [this](Millis limit) { stage_->wait(limit); };
    publishing_ = std::thread([this] { stage_->run(); });
  }
  session_.emplace(*context_, *stage_, memory_, std::move(hooks));
}

/// The stages end together: nothing that one has handed to the other outlives the client.
void Slot::Impl::end_publishing() {
  if (!publishing_.joinable()) return;
  stage_->end();
  publishing_.join();
}

/// The coordinator fences the producer of a transaction that was open for longer than transaction.timeout.ms. So being
/// fenced again sooner than that is another instance's doing, whatever was achieved in between: two instances that
/// fence each other in turn both make a little progress each time.
void Slot::Impl::note_progress() {
  restarts_in_a_row_ = 0;
  const std::int64_t timeout = parts_.options.transaction_timeout.count();
  if (fenced_at_ms_ && parts_.clock->steady_ms() - *fenced_at_ms_ >= timeout) fenced_at_ms_.reset();
}

/// New clients after a pause; the next session begins with init_transactions and the decision rule.
Result<Slot::Stepped> Slot::Impl::restart(const Error& error) {
  close();
  if (error.fenced && fenced_at_ms_) {
    return fail(Exit::try_again,
                error.message +
                    "; it happened again soon after a restart: another instance with the same run.instance is at "
                    "work. Give each process an instance and a store of its own");
  }
  if (error.fenced) fenced_at_ms_ = parts_.clock->steady_ms();
  ++restarts_in_a_row_;
  ++memory_.counters.restarts;
  const std::int64_t wait =
      std::min<std::int64_t>(longest_restart_wait_ms, 100LL << static_cast<unsigned>(std::min(restarts_in_a_row_, 10)));
  start_at_ms_ = parts_.clock->steady_ms() + wait;
  restart_reason_ = error.message;
  if (parts_.log) parts_.log(LogLevel::error, fmt::format("{}; restarting the slot in {} ms", error.message, wait));
  publish_status();
  return Stepped::more;
}

void Slot::Impl::close() {
  end_publishing();
  session_.reset();
  context_.reset();
  stage_.reset();
  client_.publisher.reset();
  client_.consumer.reset();
  parts_.store->drop_staged();
}

void Slot::Impl::request_stop(Millis limit) {
  const std::scoped_lock lock(mutex_);
  stop_.request(parts_.clock->steady_ms() + limit.count());
  wake_.notify_all();
}

void Slot::Impl::answer_requests() {
  RequestHandler handler(*context_, *session_, memory_, parts_.options);
  while (auto request = requests_.pop()) request->reply.set_value(handler.carry_out(*request));
}

/// What a window of so many milliseconds really covers, over all partitions or without those that came without a log
/// and have read nothing yet; -1: there is none.
std::int64_t Slot::Impl::covered_ms(std::int64_t ttl_ms, std::int64_t lost_before_ms, Among among) const {
  std::int64_t smallest = -1;
  if (!session_) return smallest;
  for (const auto& [tp, p] : std::as_const(*session_).partitions()) {
    if (among == Among::begun && p.without_log && p.state.covered_from_ms == nothing_covered) continue;
    const std::int64_t window = effective_window_ms(p.state, ttl_ms, lost_before_ms);
    smallest = smallest < 0 ? window : std::min(smallest, window);
  }
  return smallest;
}

/// Of several windows that one is shown of which the greatest part is missing; where a partition has nothing of any, it
/// is that of the others.
void Slot::Impl::show_windows(SlotStatus& status) const {
  const auto missing = [](std::int64_t covered_ms, std::int64_t ttl_ms) {
    return covered_ms < 0 ? 0.0 : 1.0 - static_cast<double>(covered_ms) / static_cast<double>(ttl_ms);
  };
  std::tuple<double, double, std::int64_t> most{-1.0, -1.0, -1};
  const auto look = [&](std::int64_t ttl_ms, std::int64_t lost_before_ms) {
    const WindowStatus window{ttl_ms, covered_ms(ttl_ms, lost_before_ms, Among::all)};
    const std::int64_t of_begun_ms = covered_ms(ttl_ms, lost_before_ms, Among::begun);
    const std::int64_t begun_ms = of_begun_ms < 0 ? window.effective_ms : of_begun_ms;
    const std::tuple rank{missing(window.effective_ms, ttl_ms), missing(begun_ms, ttl_ms), ttl_ms};
    if (rank <= most) return window;
    most = rank;
    status.configured_window_ms = window.configured_ms;
    status.effective_window_ms = window.effective_ms;
    status.begun_window_ms = begun_ms;
    return window;
  };
  for (const store::LogStats& log : status.store.logs) {
    status.windows.push_back(look(log.ttl.count(), log.evicted_before_ms));
  }
  if (status.windows.empty()) look(parts_.options.longest_ttl().count(), status.store.evicted_before_ms);
}

void Slot::Impl::show_pause(SlotStatus& status) const {
  status.pause = memory_.hold.status();
  if (!status.pause) return;
  const bool held = session_ && session_->held();
  status.pause->drained = held;
  const std::string why =
      held ? fmt::format("asked for by {}; `{}` goes on", status.pause->by, parts_.options.advice.by_store("resume"))
           : fmt::format("{} has asked for a pause", status.pause->by);
  status.detail = status.detail.empty() ? why : why + "; " + status.detail;
}

void Slot::Impl::publish_status() {
  status_at_ms_ = parts_.clock->steady_ms();
  SlotStatus status;
  status.counters = memory_.counters;
  status.measures = memory_.measures;
  status.state = session_ ? session_->state() : clock_awaited_ ? "starting" : "restarting";
  status.detail = session_ ? session_->detail() : restart_reason_;
  if (status.state == "joining" && status.detail.empty()) {
    status.detail =
        "the group's coordinator has not assigned any partitions yet; a member that left for good is waited for until "
        "its session ends (session.timeout.ms, 45 s by default)";
  }
  show_pause(status);
  shown_held_ = session_ && session_->held();
  status.store = parts_.store->stats();
  if (session_) {
    if (status_at_ms_ - ends_at_ms_ >= ends_interval_ms) {
      ends_at_ms_ = status_at_ms_;
      session_->note_known_ends();
    }
    const std::int64_t wall_ms = parts_.clock->wall_ms();
    for (const auto& [tp, p] : std::as_const(*session_).partitions()) {
      const std::int64_t lag = p.lag();
      status.partitions.push_back({tp, p.shown_mode(), p.shown_reason(), p.settled.next_offset, p.state.stream_time_ms,
                                   p.state.covered_from_ms, p.at_end && lag == 0, lag, p.lag_ms(wall_ms), p.waits()});
    }
  }
  show_windows(status);
  const std::scoped_lock lock(mutex_);
  status_ = std::move(status);
}

SlotStatus Slot::Impl::status() const {
  const std::scoped_lock lock(mutex_);
  return status_;
}

Slot::Slot(SlotParts parts) : impl_(std::make_unique<Impl>(std::move(parts))) {}
Slot::~Slot() = default;

Result<Slot::Stepped> Slot::step() { return impl_->step(); }
void Slot::step_publishing() { impl_->step_publishing(); }
void Slot::request_stop(Millis limit) { impl_->request_stop(limit); }
SlotStatus Slot::status() const { return impl_->status(); }

PendingChange Slot::change(LiveOptions options) {
  Request request;
  request.kind = Request::Kind::change;
  request.options = std::move(options);
  request.begun = std::make_shared<std::atomic_flag>();
  auto begun = request.begun;
  return {impl_->ask(std::move(request)), std::move(begun)};
}

std::future<Result<std::string>> Slot::pause(const std::string& by) { return impl_->pause(by); }
std::string Slot::resume() { return impl_->resume(); }

std::future<Result<std::string>> Slot::skip(TopicPartition tp, std::int64_t offset) {
  Request request;
  request.kind = Request::Kind::skip;
  request.position = {std::move(tp), offset};
  return impl_->ask(std::move(request));
}

std::future<Result<std::string>> Slot::forget(Digest digest) {
  Request request;
  request.kind = Request::Kind::forget;
  request.digest = digest;
  return impl_->ask(std::move(request));
}

}  // namespace firstseen::dedup
