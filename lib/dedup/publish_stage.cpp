#include "dedup/publish_stage.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace firstseen::dedup {

using kafka::Progress;

namespace {
/// How often deliveries and log lines are served while there is nothing to publish.
constexpr std::chrono::milliseconds serve_interval{10};
}  // namespace

PublishStage::PublishStage(kafka::Publisher& publisher, StepHook* steps, const Clock& clock, const Options& options)
    : publisher_(publisher), steps_(steps), clock_(clock), options_(options) {}

// --- the taking stage's side ---

bool PublishStage::full() const {
  return queued_bytes_ >= options_.max_queued_bytes || queued_messages_ >= options_.max_queued_messages;
}

bool PublishStage::has_room() const {
  const std::scoped_lock lock(mutex_);
  return !full();
}

Publications PublishStage::spare() {
  const std::scoped_lock lock(mutex_);
  if (spares_.empty()) return {};
  Publications spare = std::move(spares_.back());
  spares_.pop_back();
  return spare;
}

void PublishStage::push(Publications publications) {
  const std::scoped_lock lock(mutex_);
  queued_bytes_ += publications.bytes;
  queued_messages_ += publications.chunk.messages().size();
  queue_.push_back({std::move(publications), std::nullopt});
  work_.notify_one();
}

void PublishStage::finish(BatchEnd end) {
  const std::scoped_lock lock(mutex_);
  queue_.push_back({{}, std::move(end)});
  work_.notify_one();
}

void PublishStage::go_on() {
  const std::scoped_lock lock(mutex_);
  go_on_ = true;
  work_.notify_one();
}

void PublishStage::abort() {
  const std::scoped_lock lock(mutex_);
  abort_wanted_ = true;
  work_.notify_one();
}

std::optional<StageReport> PublishStage::next_report() {
  const std::scoped_lock lock(mutex_);
  if (reports_.empty()) return {};
  StageReport report = std::move(reports_.front());
  reports_.pop_front();
  return report;
}

std::string PublishStage::why_again() const {
  const std::scoped_lock lock(mutex_);
  return why_again_;
}

void PublishStage::wait(Millis limit) {
  std::unique_lock lock(mutex_);
  const bool for_room = full();
  progress_.wait_for(lock, limit, [&] { return !reports_.empty() || (for_room && !full()); });
}

// --- the publishing thread's side ---

void PublishStage::at(Step step) const {
  if (steps_ != nullptr) steps_->at(step);
}

void PublishStage::report(StageReport report) {
  const std::scoped_lock lock(mutex_);
  reports_.push_back(std::move(report));
  progress_.notify_one();
}

/// Orders stand above what is queued. False: there is nothing to do but to wait.
bool PublishStage::fetch_orders() {
  const std::scoped_lock lock(mutex_);
  if (state_ == State::waiting && std::exchange(go_on_, false)) {
    state_ = State::ready;
    open_ = false;
  }
  if (state_ != State::dead && std::exchange(abort_wanted_, false)) state_ = State::aborting;
  return state_ != State::waiting && state_ != State::failed && state_ != State::dead;
}

bool PublishStage::fetch_item() {
  if (item_) return true;
  const std::scoped_lock lock(mutex_);
  if (queue_.empty()) return false;
  item_ = std::move(queue_.front());
  queue_.pop_front();
  next_ = 0;
  return true;
}

bool PublishStage::step() {
  owner_.check();
  if (!fetch_orders() || (state_ == State::ready && !fetch_item())) {
    if (state_ != State::dead) publisher_.serve();
    return false;
  }
  const auto kind = state_ == State::aborting ? StageReport::Kind::abort_failed : StageReport::Kind::failed;
  if (const auto worked = work(); !worked) {
    const Action action = worked.error().action;
    state_ = action == Action::restart || action == Action::stop ? State::dead : State::failed;
    report({kind, worked.error(), {}});
  }
  note_why_again();
  return true;
}

void PublishStage::note_why_again() {
  std::string why = publisher_.why_again();
  if (why.empty() && !says_why_again_) return;
  says_why_again_ = !why.empty();
  const std::scoped_lock lock(mutex_);
  why_again_ = std::move(why);
}

Result<void> PublishStage::work() {
  switch (state_) {
    case State::initialising:
      return initialise();
    case State::ready:
      return publish();
    case State::sending:
      return send_offsets();
    case State::committing:
      return commit();
    case State::aborting:
      return abort_transaction();
    case State::waiting:
    case State::failed:
    case State::dead:
      break;
  }
  return {};
}

Result<void> PublishStage::initialise() {
  const auto done = publisher_.init_transactions();
  if (!done) {
    Error error = done.error();
    if (error.action != Action::stop) error.action = Action::restart;  // there is nothing yet that could be aborted
    return forward(std::move(error));
  }
  if (*done == Progress::again) return {};
  state_ = State::ready;
  report({StageReport::Kind::initialised, {}, {}});
  return {};
}

Result<void> PublishStage::begin() {
  if (open_) return {};
  if (auto begun = publisher_.begin(); !begun) return begun;
  open_ = true;
  published_ = false;
  publish_ns_ = 0;
  at(Step::begun);
  return {};
}

/// Some messages of the chunk in hand, or the end of the batch.
Result<void> PublishStage::publish() {
  const Timing timing(clock_, publish_ns_);
  if (auto begun = begin(); !begun) return begun;
  if (item_->end) {
    state_ = State::sending;
    ended_at_ns_ = clock_.steady_ns();
    return {};
  }
  const Publications& publications = item_->publications;
  const auto messages = publications.chunk.messages();
  const std::size_t until = std::min(publications.list.size(), next_ + options_.slice);
  for (; next_ < until; ++next_) {
    const Publication& one = publications.list[next_];
    const auto added = publications.added.part(one.added_begin, one.added_count);
    const auto progress = publisher_.publish(messages[one.message], one.to, added);
    if (!progress) return forward(progress.error());
    if (*progress == Progress::again) return {};
    if (!std::exchange(published_, true)) at(Step::published);
  }
  if (next_ == publications.list.size()) finish_item();
  return {};
}

Result<void> PublishStage::send_offsets() {
  const auto sent = publisher_.send_offsets(item_->end->offsets, item_->end->membership);
  if (!sent) return forward(sent.error());
  if (*sent == Progress::again) return {};
  at(Step::offsets_sent);
  state_ = State::committing;
  return {};
}

Result<void> PublishStage::commit() {
  const auto committed = publisher_.commit();
  if (!committed) return forward(committed.error());
  if (*committed == Progress::again) return {};
  item_.reset();
  const bool decided = options_.guarantee == kafka::Guarantee::exactly_once;
  open_ = !decided;
  if (decided) at(Step::committed);
  state_ = decided ? State::ready : State::waiting;
  report({decided ? StageReport::Kind::committed : StageReport::Kind::acknowledged,
          {},
          {},
          publish_ns_,
          clock_.steady_ns() - ended_at_ns_,
          time_after(clock_.steady_ms(), publisher_.pause_after_commit())});
  return {};
}

Result<void> PublishStage::abort_transaction() {
  drop_item();
  StageReport aborted{StageReport::Kind::aborted, {}, {}};
  if (open_) {
    const auto progress = publisher_.abort();
    if (!progress) return forward(progress.error());
    if (*progress == Progress::again) return {};
    open_ = false;
    aborted.failures = publisher_.failures();
  }
  at(Step::aborted);
  state_ = State::ready;
  report(std::move(aborted));
  return {};
}

/// The chunk is published: its messages and arrays may be used again.
void PublishStage::finish_item() {
  Publications done = std::move(item_->publications);
  item_.reset();
  const std::uint64_t bytes = done.bytes;
  const std::size_t messages = done.chunk.messages().size();
  done.clear();
  const std::scoped_lock lock(mutex_);
  const bool was_full = full();
  queued_bytes_ -= bytes;
  queued_messages_ -= messages;
  spares_.push_back(std::move(done));
  if (was_full && !full()) progress_.notify_one();
}

/// Everything that was handed over falls.
void PublishStage::drop_item() {
  item_.reset();
  std::deque<Item> dropped;  // freed outside the lock
  const std::scoped_lock lock(mutex_);
  dropped.swap(queue_);
  queued_bytes_ = 0;
  queued_messages_ = 0;
}

void PublishStage::run() {
  for (;;) {
    const bool worked = step();
    std::unique_lock lock(mutex_);
    if (end_) return;
    if (worked) continue;
    const bool takes_items = state_ == State::ready;
    const auto woken = [&] { return end_ || abort_wanted_ || go_on_ || (takes_items && !queue_.empty()); };
    work_.wait_for(lock, serve_interval, woken);
  }
}

void PublishStage::end() {
  const std::scoped_lock lock(mutex_);
  end_ = true;
  work_.notify_one();
}

}  // namespace firstseen::dedup
