#include "run.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

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
  int pause_permille = 0;                        // that a person asks for a pause, or takes it back
  int refusal_permille = 0;                      // that a refused partition is allowed again, or another one refused
  dedup::Step favourite = dedup::Step::started;  // where half of the kills strike
  int new_volume_permille = 0;                   // that a host comes back on an empty store
  int leader_permille = 0;                       // that a partition loses its leader, or has one again
  int history_refusal_permille = 0;              // that partitions are refused while history is read again
  int grow_at = -1;                              // then everybody stops, and comes back with larger windows
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
void plan_restarts(std::uint64_t seed, Random random, Plan& plan) {
  const dedup::SlotOptions& slot = plan.world.slot;
  plan.favourite = static_cast<dedup::Step>(seed % dedup::step_names.size());
  const bool rebuilds = plan.favourite == dedup::Step::rebuilding;
  const bool stops = plan.favourite == dedup::Step::stopping;
  const bool by_stream_time = slot.clock == dedup::WindowClock::stream_time;
  // As with several hosts.
  const bool may_read_again = by_stream_time && slot.start == dedup::StartAt::earliest && !slot.refresh_on_duplicate;
  if (may_read_again && (rebuilds || random.chance(250))) {
    plan.new_volume_permille = static_cast<int>(random.between(200, 600));
    plan.crash_permille = std::max(plan.crash_permille, 20);
  }
  if (may_read_again && random.chance(600)) plan.history_refusal_permille = static_cast<int>(random.between(400, 900));
  if (by_stream_time && random.chance(150)) {
    plan.grow_at = static_cast<int>(random.between(plan.steps / 4, plan.steps * 3 / 4));
  }
  if (stops) plan.stop_permille = std::max(plan.stop_permille, 20);
}

void plan_pauses(Random random, Plan& plan) {
  if (random.chance(150)) plan.pause_permille = static_cast<int>(random.between(5, 60));
}

void plan_leaders(Random random, Plan& plan) {
  if (random.chance(200)) plan.leader_permille = static_cast<int>(random.between(5, 50));
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
  plan_leaders(Random(seed * 61 + 5), plan);
  if (random.chance(600)) plan.crash_permille = static_cast<int>(random.between(5, 40));
  if (random.chance(400)) plan.stop_permille = 10;
  if (random.chance(150)) {
    plan.wall_jump_permille = 20;
  } else if (plan.hosts == 1 && random.chance(150)) {
    // Only where the wall clock is right and no history is read again: nobody knows when that was decided.
    plan.world.slot.clock = dedup::WindowClock::wall_clock_time;
  }
  if (random.chance(200)) plan.refusal_permille = static_cast<int>(random.between(5, 50));
  plan_restarts(seed, Random(seed * 37 + 5), plan);
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
  some(Fault::note_failure, 300);
  if (random.chance(400)) cluster.set_delay(static_cast<int>(random.between(100, 800)));
}

class Run {
 public:
  Run(std::uint64_t seed, const Interposers& interposers, bool trace)
      : random_(seed * 977 + 11), restarts_(seed * 41 + 3), pauses_(seed * 59 + 3), leaders_(seed * 67 + 3) {
    plan_ = make_plan(seed, random_);
    plan_.world.interposers = interposers;
    plan_.world.trace = trace;
    world_.emplace(plan_.world);
    plan_faults(random_, world_->faults, world_->cluster);
    for (std::size_t i = 0; i < plan_.hosts; ++i) world_->add_host(i == 0 ? "A" : "B");
  }

  RunSummary execute() {
    world_->workload.produce(static_cast<int>(random_.between(1, 30)));
    for (int step = 0; step < plan_.steps; ++step) {
      if (step == plan_.grow_at) grow_windows();
      act();
    }
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
      if (random_.chance(300)) start(host);
    } else if (random_.chance(plan_.crash_permille)) {
      kill(host);
    } else if (random_.chance(plan_.stop_permille)) {
      stop(host);
    }
    if (random_.chance(plan_.wall_jump_permille))
      world_->clock.set_wall_error(random_.between(-3, 3) * 365 * 24 * 3600 * 1000LL);
    if (random_.chance(plan_.refusal_permille)) {
      const TopicPartition tp = some_partition(random_);
      world_->cluster.refuse(tp, !world_->cluster.refuses(tp));
    }
    if (leaders_.chance(plan_.leader_permille)) change_leader();
    if (plan_.history_refusal_permille > 0) change_access(host);
    if (host.running() && pauses_.chance(plan_.pause_permille)) pause_or_resume(host);
    host.step();
    world_->cluster.pass_time(random_.between(0, random_.chance(100) ? 600 : 30));
  }

  [[nodiscard]] TopicPartition some_partition(Random& random) const {
    return {"in", static_cast<std::int32_t>(random.between(0, plan_.world.partitions - 1))};
  }

  void start(Host& host) {
    if (host.starts() > 0 && restarts_.chance(plan_.new_volume_permille)) {
      host.lose_store();
      ++volumes_lost_;
      if (restarts_.chance(plan_.history_refusal_permille)) refuse_history();
    }
    host.start();
    if (plan_.crash_permille > 0 && restarts_.chance(300)) host.crash_at_step(1, plan_.favourite);
  }

  void kill(Host& host) {
    if (random_.chance(200)) {
      ++kills_;
      host.crash();
      return;
    }
    const auto count = static_cast<int>(random_.between(1, 12));
    restarts_.chance(500) ? host.crash_at_step(1, plan_.favourite) : host.crash_at_step(count);
  }

  void stop(Host& host) {
    const dedup::Step step = restarts_.chance(500) ? dedup::Step::stopping : plan_.favourite;
    restarts_.chance(500) ? host.stop(step) : host.stop();
  }

  /// Nobody runs meanwhile: a process that was killed may have left a batch behind that was decided by the old windows.
  void grow_windows() {
    for (auto& host : world_->hosts()) restarts_.chance(300) ? host->crash() : host->stop();
    const auto grow = [this](Millis& ttl) { ttl += Millis(restarts_.between(1, 6) * 500); };
    world_->change_windows([&](dedup::SlotOptions& slot) {
      grow(slot.ttl);
      for (Millis& ttl : slot.rule_ttls) {
        if (restarts_.chance(600)) grow(ttl);
      }
    });
    ++windows_grown_;
  }

  void refuse_history() {
    for (std::int32_t p = 0; p < plan_.world.partitions; ++p) {
      if (restarts_.chance(600)) world_->cluster.refuse({"in", p}, true);
    }
    ++histories_refused_;
  }

  /// While history is read some partitions are refused, and after a while they no longer are.
  void change_access(const Host& host) {
    const TopicPartition tp = some_partition(restarts_);
    if (world_->cluster.refuses(tp)) {
      if (restarts_.chance(200)) world_->cluster.refuse(tp, false);
    } else if (histories_refused_ < most_refusals && restarts_.chance(plan_.history_refusal_permille) &&
               host.status().state == "rebuilding") {
      refuse_history();
    }
  }

  void change_leader() {
    const TopicPartition tp = some_partition(leaders_);
    world_->cluster.lose_leader(tp, world_->cluster.has_leader(tp), leaders_.chance(500));
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
    const bool one_store = plan_.hosts == 1 && volumes_lost_ == 0;
    exemptions.history_read_again = !one_store;
    Oracle oracle = world_->judge(exemptions);
    for (auto& host : world_->hosts()) {
      if (host->starts() > 0) oracle.check_store(host->options().directory, host->options().name, one_store);
    }
    events_ = oracle.history().events.size();
    published_ = oracle.history().published.size();
    if (plan_.hosts == 1) check_counters(oracle);
  }

  /// The counters of a process that never died count every message once. (A batch whose commit went unanswered and that
  /// was found to stand after the slot's restart is not counted.)
  void check_counters(const Oracle& oracle) {
    const Host& host = world_->host();
    const dedup::Counters& counters = host.last_counters();
    if (host.starts() != 1 || host.killed() || counters.restarts > 0) return;
    const auto expect = [&](bool kept, const char* name, std::uint64_t value, const char* relation, std::size_t seen) {
      if (kept) return;
      world_->violations.add(std::string(name) + " is " + std::to_string(value) + relation + std::to_string(seen));
    };
    const std::size_t consumed = oracle.history().events.size();
    expect(counters.consumed == consumed, "consumed", counters.consumed, " instead of ", consumed);
    expect(counters.late >= oracle.late(), "late", counters.late, ", less than the late ones seen: ", oracle.late());
    // What lies before the start of a partition, or of a history read again, may be missing, too.
    const bool all_recorded =
        plan_.world.slot.start == dedup::StartAt::earliest && host.steps_seen(dedup::Step::rebuilding) == 0;
    if (!all_recorded) return;
    const std::size_t most = oracle.late_at_most();
    expect(counters.late <= most, "late", counters.late, ", more than there can be: ", most);
  }

  /// How often a partition's next commit was another host's.
  [[nodiscard]] int handovers() const {
    int count = 0;
    std::map<TopicPartition, char> last;
    for (const OffsetChange& change : world_->cluster.offset_changes()) {
      const char host = change.who.front();  // "A" or "B"; a new volume only makes the name longer
      const char before = std::exchange(last.try_emplace(change.tp, host).first->second, host);
      count += before != host ? 1 : 0;
    }
    return count;
  }

  RunSummary summary() {
    RunSummary result;
    result.violations = world_->violations.texts();
    result.events = events_;
    result.published = published_;
    result.kills = kills_;
    result.volumes_lost = volumes_lost_;
    result.windows_grown = windows_grown_;
    result.histories_refused = histories_refused_;
    result.hosts = static_cast<int>(plan_.hosts);
    result.lost_assignments = world_->faults.struck(Fault::lost_assignment);
    result.handovers = handovers();
    result.unknown_outcomes = world_->faults.struck(Fault::unknown_outcome);
    for (auto& host : world_->hosts()) {
      result.starts += host->starts();
      result.leaders_waited_for += host->has_warned("has no leader") ? 1 : 0;
      for (std::size_t i = 0; i < result.steps_seen.size(); ++i) {
        result.steps_seen[i] += host->steps_seen(static_cast<dedup::Step>(i));
        result.kills_at[i] += host->kills_at(static_cast<dedup::Step>(i));
        result.kills += host->kills_at(static_cast<dedup::Step>(i));
      }
    }
    return result;
  }

  static constexpr int most_refusals = 3;  // so that the run goes on

  Random random_;
  Random restarts_;  // so that what else happens is the same whatever is drawn from it
  Random pauses_;
  Random leaders_;
  Plan plan_;
  std::optional<World> world_;
  std::size_t events_ = 0;
  std::size_t published_ = 0;
  int kills_ = 0;  // between steps
  int volumes_lost_ = 0;
  int windows_grown_ = 0;
  int histories_refused_ = 0;
};

}  // namespace

RunSummary random_run(std::uint64_t seed, const Interposers& interposers, bool trace) {
  return Run(seed, interposers, trace).execute();
}

}  // namespace firstseen::simulation
