#include "scenarios/scenario.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace firstseen::simulation {

namespace {
constexpr int most_steps = 4'000;
}

Scenario::Scenario() {
  options.partitions = 2;
  options.slot.ttl = Millis(60'000);
  options.slot.max_skew = Millis(5'000);
}

void Scenario::TearDown() {
  if (!world_) return;
  for (const std::string& text : world_->violations.texts()) ADD_FAILURE() << text;
}

void Scenario::again() {
  Scenario::TearDown();
  world_.reset();
}

World& Scenario::world() {
  if (!world_) world_.emplace(options);
  return *world_;
}

Host& Scenario::start(const std::string& name, const std::string& identity, const std::string& store) {
  Host& host = world().add_host(name, identity, store);
  host.start();
  return host;
}

std::int64_t Scenario::say(std::int32_t partition, const std::string& key, std::int64_t at_ms) {
  Input input;
  input.key = key;
  return world().workload.produce_input(std::move(input), partition, SimClock::start_ms + at_ms);
}

std::int64_t Scenario::say(std::int32_t partition, Input input) {
  return world().workload.produce_input(std::move(input), partition, world().clock.true_ms());
}

std::int64_t Scenario::say_poison(std::int32_t partition) {
  Input input;
  input.kind = Input::Kind::poison;
  return say(partition, std::move(input));
}

Host& Scenario::stopped_at_poison() {
  options.slot.rejects = dedup::RejectRoute::stop;
  say(0, "a", 0);
  say_poison(0);
  say(0, "b", 0);
  Host& host = start();
  run_until("it stops", [&] { return is_stopped(host, 0) && committed(0) == 1; });
  return host;
}

void Scenario::run_until(const std::string& what, const std::function<bool()>& condition) {
  for (int i = 0; i < most_steps; ++i) {
    if (condition()) return;
    world().step_all();
  }
  std::string who;
  for (auto& host : world().hosts())
    who += " " + host->options().name + ": " +
           (host->running() ? host->status().state + " " + host->status().detail : "down " + host->last_error());
  ADD_FAILURE() << "never came true: " << what << ";" << who;
}

void Scenario::run() {
  run_until("everything is consumed", [this] { return world().drained(); });
  go_on_for(100);  // the slot hears of its last commit, and its status shows it
}

void Scenario::run_until_step(Host& host, dedup::Step step) {
  const int before = host.steps_seen(step);
  run_until("step " + std::string(dedup::step_name(step)), [&] { return host.steps_seen(step) > before; });
}

void Scenario::go_on_for(std::int64_t ms) {
  const std::int64_t until = world().clock.steady_ms() + ms;
  while (world().clock.steady_ms() < until) world().step_all();
}

Ids Scenario::published(const std::string& topic) {
  Ids ids;
  for (std::int32_t p = 0; p < cluster().partition_count(topic); ++p) {
    const PartitionLog& log = *cluster().log({topic, p});
    for (std::int64_t offset = 0; offset < log.end(); ++offset) {
      if (log.visible(offset)) ids.push_back(id_of(log.at(offset).record).value_or(-1));
    }
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

std::int64_t Scenario::committed(std::int32_t partition) {
  const auto offset = cluster().committed_offset(in(partition));
  return offset ? offset->offset : -1;
}

dedup::PartitionStatus Scenario::partition(Host& host, std::int32_t number) {
  if (host.running()) {
    for (const dedup::PartitionStatus& one : host.status().partitions) {
      if (one.tp == in(number)) return one;
    }
  }
  ADD_FAILURE() << to_string(in(number)) << " is not assigned to " << host.options().name;
  return {};
}

bool Scenario::is_stopped(Host& host, std::int32_t number) {
  if (!host.running()) return false;
  const auto partitions = host.status().partitions;
  return std::any_of(partitions.begin(), partitions.end(), [&](const dedup::PartitionStatus& one) {
    return one.tp == in(number) && one.mode == dedup::PartitionMode::stopped;
  });
}

Result<std::string> Scenario::skip(Host& host, TopicPartition tp, std::int64_t offset) {
  auto answer = host.slot().skip(std::move(tp), offset);
  run_until("skip is answered", [&] { return answer.wait_for(std::chrono::seconds(0)) == std::future_status::ready; });
  if (answer.wait_for(std::chrono::seconds(0)) == std::future_status::ready) return answer.get();
  return fail(Exit::internal, "no answer");
}

Result<std::string> Scenario::ask_to_forget(Host& host, const std::string& key) {
  auto answer = host.slot().forget(digest_of("in", key));
  const auto answered = [&] { return answer.wait_for(std::chrono::seconds(0)) == std::future_status::ready; };
  run_until("forget is answered", answered);
  if (answered()) return answer.get();
  return fail(Exit::internal, "no answer");
}

void Scenario::forget(Host& host, const std::string& key) {
  const auto forgotten = ask_to_forget(host, key);
  EXPECT_TRUE(forgotten) << forgotten.error().message;
}

void Scenario::expect_kept(const Exemptions& exemptions) {
  world().stop_all();
  Oracle oracle = world().judge(exemptions);
  const bool alone = world().hosts().size() == 1;
  for (auto& host : world().hosts())
    oracle.check_store(host->options().directory, host->options().name, alone && !exemptions.history_lost);
}

}  // namespace firstseen::simulation
