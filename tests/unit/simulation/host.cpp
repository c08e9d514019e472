#include "host.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "dedup/same_cluster.h"
#include "guarded_store.h"
#include "protocol.h"
#include "sim_client.h"

namespace firstseen::simulation {

namespace {

constexpr std::int64_t stop_limit_ms = 10'000;
/// What is left of a step when the limit passes: a call that nobody answers.
constexpr std::int64_t most_late_ms = 2'000;

bool is_in(const std::vector<std::string>& lines, std::string_view text) {
  return std::any_of(lines.begin(), lines.end(),
                     [&](const std::string& line) { return line.find(text) != std::string::npos; });
}

/// Deliberately no std::exception: nothing on the way may mistake it for an error.
struct Killed {};

}  // namespace

/// Kills the process from within a step of the slot, or does there what else a test wants.
class Host::CrashHook final : public dedup::StepHook {
 public:
  explicit CrashHook(Host& host) : host_(host) {}
  void arm(int count, std::optional<dedup::Step> at) {
    count_ = count;
    at_ = at;
  }
  void act_at(dedup::Step step, std::function<void()> act) {
    act_at_ = step;
    act_ = std::move(act);
  }
  void at(dedup::Step step) override {
    ++host_.steps_seen_[static_cast<std::size_t>(step)];
    if (host_.options_.trace)
      std::fprintf(stderr, "%s step %s\n", host_.options_.name.c_str(), std::string(dedup::step_name(step)).c_str());
    if (act_ && act_at_ == step) std::exchange(act_, nullptr)();
    if (count_ == 0 || (at_ && *at_ != step)) return;
    --count_;
    if (count_ > 0) return;
    if (host_.options_.trace) std::fprintf(stderr, "%s killed\n", host_.options_.name.c_str());
    ++host_.kills_at_[static_cast<std::size_t>(step)];
    host_.process_->alive = false;
    throw Killed{};
  }

 private:
  Host& host_;
  int count_ = 0;
  std::optional<dedup::Step> at_;
  dedup::Step act_at_ = dedup::Step::started;
  std::function<void()> act_;
};

Host::Host(Shared shared, HostOptions options) : shared_(shared), options_(std::move(options)) {}

Host::~Host() {
  if (running()) crash();
}

void Host::start() {
  ++starts_;
  last_error_.clear();
  last_exit_.reset();
  process_ = std::make_unique<Process>(Process{options_.name});
  hook_ = std::make_unique<CrashHook>(*this);
  store::OpenOptions open;
  open.directory = options_.directory;
  open.max_size_bytes = 16U << 20U;
  open.durability = store::Durability::process_crash;
  open.ttl = options_.slot.ttl;
  for (const Millis ttl : options_.slot.rule_ttls) {
    open.windows.push_back({"rule-" + std::to_string(open.windows.size()), ttl});
  }
  open.clock = &shared_.cluster.clock();
  auto opened = store::SeenStore::open(open);
  if (!opened) {
    last_error_ = opened.error().message;
    last_exit_ = opened.error().exit;
    shared_.violations.add(options_.name + ": the store does not open: " + last_error_);
    return;
  }
  store_ = *std::move(opened);
  if (options_.interposers.store) store_ = options_.interposers.store(std::move(store_));
  store_ = std::make_unique<GuardedStore>(std::move(store_), shared_.faults, *process_, shared_.violations);
  const store::Pin cluster{dedup::cluster_pin, shared_.cluster.id()};
  if (auto pinned = store_->pin({&cluster, 1}); !pinned) {
    last_error_ = pinned.error().message;
    last_exit_ = pinned.error().exit;
    store_.reset();
    return;
  }
  deriver_ = make_test_deriver(options_.slot.rule_ttls.size());
  dedup::SlotParts parts;
  parts.options = options_.slot;
  parts.deriver = deriver_.get();
  parts.store = store_.get();
  parts.make_client = [this] { return make_client(); };
  parts.clock = &shared_.cluster.clock();
  parts.idle = [this](Millis wait) { shared_.cluster.pass_time(std::max<std::int64_t>(wait.count(), 1)); };
  parts.steps = hook_.get();
  parts.publish_slice = options_.publish_slice;
  parts.log = [this](LogLevel level, const std::string& text) {
    log_.push_back(text);
    if (level == LogLevel::warning) warnings_.push_back(text);
    if (options_.trace) std::fprintf(stderr, "%s log: %s\n", options_.name.c_str(), text.c_str());
  };
  slot_ = std::make_unique<dedup::Slot>(std::move(parts));
}

bool Host::has_logged(std::string_view text) const { return is_in(log_, text); }

bool Host::has_warned(std::string_view text) const { return is_in(warnings_, text); }

Result<kafka::Client> Host::make_client() {
  const Interposers& interposers = options_.interposers;
  if (interposers.client) {
    if (auto may_be = interposers.client(); !may_be) return forward(may_be.error());
  }
  kafka::ClientOptions options;
  options.instance_id = options_.identity;
  options.transactional_id = options_.identity;
  options.guarantee = options_.slot.guarantee;
  kafka::Client client = make_sim_client(shared_.cluster, shared_.faults, *process_, options);
  if (interposers.consumer) client.consumer = interposers.consumer(std::move(client.consumer));
  if (interposers.publisher) client.publisher = interposers.publisher(std::move(client.publisher));
  return checked(std::move(client), *process_, shared_.violations, options.guarantee == kafka::Guarantee::exactly_once,
                 options_.trace);
}

void Host::step() {
  if (!running() || suspended()) return;
  try {
    if (shared_.faults.random().chance(options_.publishing_permille)) {
      slot_->step_publishing();
    } else {
      step_taking();
    }
    if (running() && !process_->alive) {
      shared_.violations.add(options_.name + ": an exception thrown at a step was swallowed");
      take_down(false);
    }
  } catch (const Killed&) {
    take_down(false);
  }
}

void Host::step_taking() {
  const SimClock& clock = shared_.cluster.clock();
  const std::int64_t since_ms = clock.steady_ms();
  const auto stepped = slot_->step();
  taking_ms_ += clock.steady_ms() - since_ms;
  if (!process_->alive) return;
  if (!stepped) {
    last_error_ = stepped.error().message;
    last_exit_ = stepped.error().exit;
    if (options_.trace) std::fprintf(stderr, "%s ended: %s\n", options_.name.c_str(), last_error_.c_str());
    take_down(true);
  } else if (*stepped == dedup::Slot::Stepped::stopped) {
    take_down(true);
  }
}

void Host::crash() {
  if (!running()) return;
  if (options_.trace) std::fprintf(stderr, "%s killed between steps\n", options_.name.c_str());
  process_->alive = false;
  take_down(false);
}

void Host::crash_at_step(int count, std::optional<dedup::Step> at) {
  if (running()) hook_->arm(count, at);
}

void Host::when_at(dedup::Step step, std::function<void()> act) {
  if (running()) hook_->act_at(step, std::move(act));
}

void Host::lose_store() {
  if (running()) return;
  std::filesystem::remove_all(options_.directory);
  options_.name += "'";
}

void Host::stop(std::optional<dedup::Step> kill_at) {
  if (!running()) return;
  suspend(false);
  hook_->arm(kill_at ? 1 : 0, kill_at);
  slot_->request_stop(Millis(stop_limit_ms));
  const SimClock& clock = shared_.cluster.clock();
  const std::int64_t limit_ms = clock.steady_ms() + stop_limit_ms;
  std::int64_t late_ms = 0;
  while (running() && late_ms <= most_late_ms) {
    const std::int64_t taking_ms = taking_ms_;
    step();
    shared_.cluster.pass_time(1);
    // What publishing waits for holds up nobody but here, where both stages are one thread's.
    const std::int64_t over_ms = clock.steady_ms() - limit_ms;
    if (over_ms > 0) late_ms += 1 + std::min(over_ms, taking_ms_ - taking_ms);
  }
  if (late_ms <= most_late_ms) return;
  shared_.violations.add(options_.name + ": did not stop in time: " + status().state + " " + status().detail);
  crash();
}

void Host::take_down(bool clean) {
  check_counters();
  slot_.reset();
  if (clean) {
    if (auto closed = store_->close_clean(); !closed)
      shared_.violations.add(options_.name + ": close_clean failed: " + closed.error().message);
    store_->save_index(store::index_save_time);
  }
  store_.reset();
  deriver_.reset();
}

void Host::check_counters() {
  last_counters_ = slot_->status().counters;
  const dedup::Counters& c = last_counters_;
  if (c.consumed == c.first_seen + c.duplicates + c.rejected + c.passed) return;
  shared_.violations.add(options_.name + ": consumed " + std::to_string(c.consumed) + " is not first_seen " +
                         std::to_string(c.first_seen) + " + duplicates " + std::to_string(c.duplicates) +
                         " + rejected " + std::to_string(c.rejected) + " + passed " + std::to_string(c.passed));
}

}  // namespace firstseen::simulation
