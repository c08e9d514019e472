#include "run.h"

#include <optional>

namespace firstseen::simulation {

namespace {

/// The random choices of one run.
struct Plan {
  WorldOptions world;
  std::size_t hosts = 1;
  int steps = 0;
  int produce_permille = 150;
  int crash_permille = 0;
  int stop_permille = 0;
  int wall_jump_permille = 0;
  int pause_permille = 0;    // that a person asks for a pause, or takes it back
  int refusal_permille = 0;  // that a refused partition is allowed again, or another one refused
};

void plan_slot(Random& random, std::size_t hosts, dedup::SlotOptions& slot) {
  slot.ttl = Millis(random.between(1, 10) * 500);
  slot.max_batch = static_cast<std::size_t>(random.between(1, 25));
  slot.commit_interval = Millis(random.between(1, 200));
  slot.duplicates = random.chance(300) ? dedup::DuplicateRoute::topic : dedup::DuplicateRoute::drop;
  constexpr std::array routes{dedup::RejectRoute::stop, dedup::RejectRoute::topic, dedup::RejectRoute::drop,
                              dedup::RejectRoute::pass};
  slot.rejects = routes[random.below(routes.size())];
  // With several hosts a rebuild would read, and take for seen, what lay before the group's start.
  if (hosts == 1 && random.chance(200)) slot.start = dedup::StartAt::latest;
  slot.refresh_on_duplicate = hosts == 1 && random.chance(150);
  if (random.chance(150)) slot.partitioner = dedup::Partitioner::key;
  if (random.chance(250)) slot.guarantee = kafka::Guarantee::at_least_once;
}

/// From a stream of its own, so that what else happens in a run is the same with rules and without.
void plan_rules(Random random, dedup::SlotOptions& slot) {
  if (!random.chance(400)) return;
  for (std::int64_t rules = random.between(1, 4); rules > 0; --rules) {
    slot.rule_ttls.emplace_back(random.between(1, 10) * 500);
  }
}

/// From a stream of its own, too.
void plan_pauses(Random random, Plan& plan) {
  if (random.chance(150)) plan.pause_permille = static_cast<int>(random.between(5, 60));
}

Plan make_plan(std::uint64_t seed, Random& random) {
  Plan plan;
  plan.world = small_world(seed);
  plan.hosts = random.chance(350) ? 2 : 1;
  plan.world.partitions = static_cast<std::int32_t>(random.between(1, 4));
  plan.world.workload.keys = static_cast<int>(random.between(1, 12));
  plan.world.workload.keys_per_partition = plan.hosts > 1;
  plan.steps = static_cast<int>(random.between(50, 250));
  plan.produce_permille = static_cast<int>(random.between(50, 400));
  plan_slot(random, plan.hosts, plan.world.slot);
  plan_rules(Random(seed * 31 + 7), plan.world.slot);
  plan_pauses(Random(seed * 53 + 5), plan);
  if (random.chance(600)) plan.crash_permille = static_cast<int>(random.between(5, 40));
  if (random.chance(400)) plan.stop_permille = 10;
  if (random.chance(150)) {
    plan.wall_jump_permille = 20;
  } else if (plan.hosts == 1 && random.chance(150)) {
    // Only where the wall clock is right and no history is read again: nobody knows when that was decided.
    plan.world.slot.clock = dedup::WindowClock::wall_clock_time;
  }
  if (random.chance(200)) plan.refusal_permille = static_cast<int>(random.between(5, 50));
  return plan;
}

void plan_faults(Random& random, Faults& faults, SimCluster& cluster) {
  faults.set(Fault::flush_early, 200);
  if (random.chance(250)) return;
  const auto some = [&](Fault fault, int most) {
    if (random.chance(500)) faults.set(fault, static_cast<int>(random.between(1, most)));
  };
  some(Fault::again, 100);
  some(Fault::no_answer, 150);
  some(Fault::queue_full, 30);
  some(Fault::abortable, 80);
  some(Fault::fatal, 10);
  some(Fault::unknown_outcome, 80);
  some(Fault::lost_assignment, 10);
  some(Fault::outage, 5);
  some(Fault::store_failure, 50);
  if (random.chance(400)) cluster.set_delay(static_cast<int>(random.between(100, 800)));
}

class Run {
 public:
  Run(std::uint64_t seed, const Interposers& interposers, bool trace)
      : random_(seed * 977 + 11), pauses_(seed * 59 + 3) {
    plan_ = make_plan(seed, random_);
    plan_.world.interposers = interposers;
    plan_.world.trace = trace;
    world_.emplace(plan_.world);
    plan_faults(random_, world_->faults, world_->cluster);
    for (std::size_t i = 0; i < plan_.hosts; ++i) world_->add_host(i == 0 ? "A" : "B");
  }

  RunSummary execute() {
    world_->workload.produce(static_cast<int>(random_.between(1, 30)));
    for (int step = 0; step < plan_.steps; ++step) act();
    world_->clock.set_wall_error(0);
    const bool drained = world_->drain();
    if (!drained) {
      for (auto& host : world_->hosts()) complain_stuck(*host);
    }
    world_->stop_all();
    judge(drained);
    return summary();
  }

 private:
  void act() {
    Host& host = world_->host(random_.below(plan_.hosts));
    if (random_.chance(plan_.produce_permille)) world_->workload.produce(static_cast<int>(random_.between(1, 5)));
    if (!host.running()) {
      if (random_.chance(300)) host.start();
    } else if (random_.chance(plan_.crash_permille)) {
      ++kills_;
      random_.chance(200) ? host.crash() : host.crash_at_step(static_cast<int>(random_.between(1, 12)));
    } else if (random_.chance(plan_.stop_permille)) {
      host.stop();
    }
    if (random_.chance(plan_.wall_jump_permille))
      world_->clock.set_wall_error(random_.between(-3, 3) * 365 * 24 * 3600 * 1000LL);
    if (random_.chance(plan_.refusal_permille)) {
      const TopicPartition tp{"in", static_cast<std::int32_t>(random_.between(0, plan_.world.partitions - 1))};
      world_->cluster.refuse(tp, !world_->cluster.refuses(tp));
    }
    if (host.running() && pauses_.chance(plan_.pause_permille)) pause_or_resume(host);
    host.step();
    world_->cluster.pass_time(random_.between(0, random_.chance(100) ? 600 : 30));
  }

  static void pause_or_resume(Host& host) {
    if (host.status().pause) {
      host.slot().resume();
    } else {
      static_cast<void>(host.slot().pause("somebody"));
    }
  }

  void complain_stuck(Host& host) {
    std::string text = "stuck: " + host.options().name;
    if (!host.running()) {
      world_->violations.add(text + " is down: " + host.last_error());
      return;
    }
    const auto status = host.status();
    text += " is " + status.state + " (" + status.detail + ")";
    for (const auto& partition : status.partitions)
      text += " " + to_string(partition.tp) + "@" + std::to_string(partition.next_offset) + " " + partition.reason;
    world_->violations.add(text);
  }

  void judge(bool drained) {
    if (!drained) return;
    Exemptions exemptions;
    exemptions.history_read_again = plan_.hosts > 1;
    Oracle oracle = world_->judge(exemptions);
    for (auto& host : world_->hosts()) {
      if (host->starts() > 0) oracle.check_store(host->options().directory, host->options().name, plan_.hosts == 1);
    }
    events_ = oracle.history().events.size();
    published_ = oracle.history().published.size();
    if (plan_.hosts == 1) check_consumed(oracle.history());
  }

  /// The counters of a process that never died count every message once. (A batch whose commit went unanswered and that
  /// was found to stand after the slot's restart is not counted.)
  void check_consumed(const History& history) {
    const Host& host = world_->host();
    if (host.starts() != 1 || host.killed() || host.last_counters().restarts > 0 ||
        host.last_counters().consumed == history.events.size())
      return;
    world_->violations.add("consumed is " + std::to_string(host.last_counters().consumed) + " instead of " +
                           std::to_string(history.events.size()));
  }

  RunSummary summary() {
    RunSummary result;
    result.violations = world_->violations.texts();
    result.events = events_;
    result.published = published_;
    result.kills = kills_;
    for (auto& host : world_->hosts()) {
      result.starts += host->starts();
      for (std::size_t i = 0; i < result.steps_seen.size(); ++i)
        result.steps_seen[i] += host->steps_seen(static_cast<dedup::Step>(i));
    }
    return result;
  }

  Random random_;
  Random pauses_;
  Plan plan_;
  std::optional<World> world_;
  std::size_t events_ = 0;
  std::size_t published_ = 0;
  int kills_ = 0;
};

}  // namespace

RunSummary random_run(std::uint64_t seed, const Interposers& interposers, bool trace) {
  return Run(seed, interposers, trace).execute();
}

}  // namespace firstseen::simulation
