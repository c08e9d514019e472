#include "world.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <utility>

namespace firstseen::simulation {

ScratchDirectory::ScratchDirectory() {
  const std::filesystem::path base =
      ::access("/dev/shm", W_OK) == 0 ? std::filesystem::path("/dev/shm") : std::filesystem::temp_directory_path();
  std::string name = (base / "firstseen-simulation-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory under " + base.string());
  path_ = name;
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

WorldOptions small_world(std::uint64_t seed) {
  WorldOptions options;
  options.seed = seed;
  options.output = {Workload::large_bytes, 3'600'000};
  dedup::SlotOptions& slot = options.slot;
  slot.topics = {"in"};
  slot.output_topic = "out";
  slot.duplicates_topic = "duplicates";
  slot.rejects_topic = "rejects";
  slot.ttl = Millis(5'000);
  slot.max_skew = Millis(60'000);
  slot.max_batch = 20;
  slot.rejects = dedup::RejectRoute::topic;
  return options;
}

World::World(WorldOptions world_options)
    : faults(Random(world_options.seed * 7 + 1)),
      cluster(clock, Random(world_options.seed * 7 + 2)),
      workload(cluster, Random(world_options.seed * 7 + 3), world_options.workload),
      options(std::move(world_options)),
      windows(options.slot) {
  cluster.create_topic(options.workload.topic, options.partitions);
  cluster.create_topic("out", options.partitions, options.output);
  cluster.create_topic("duplicates", options.partitions, options.duplicates);
  cluster.create_topic("rejects", options.partitions, options.rejects);
}

Host& World::add_host(const std::string& name, const std::string& identity, const std::string& store) {
  HostOptions host;
  host.name = name;
  host.identity = identity.empty() ? name : identity;
  host.directory = scratch_.path() / (store.empty() ? name : store);
  host.slot = options.slot;
  host.interposers = options.interposers;
  host.trace = options.trace;
  hosts_.push_back(std::make_unique<Host>(Shared{cluster, faults, violations}, std::move(host)));
  return *hosts_.back();
}

void World::copy_store(const Host& from, const std::string& to) {
  std::filesystem::copy(from.options().directory, scratch_.path() / to, std::filesystem::copy_options::recursive);
}

void World::step_all(std::int64_t pass_ms) {
  for (auto& one : hosts_) one->step();
  cluster.pass_time(pass_ms);
}

bool World::drained() {
  for (const auto& [position, input] : workload.inputs()) {
    const auto committed = cluster.committed_offset(position.tp);
    if (position.offset < cluster.log(position.tp)->start()) continue;
    if (!committed || committed->offset <= position.offset) return false;
  }
  return true;
}

bool World::drain(int most_steps) {
  faults.end();
  cluster.settle_down();
  for (auto& one : hosts_) {
    if (one->running()) one->slot().resume();
  }
  for (int i = 0; i < most_steps; ++i) {
    if (drained()) return true;
    for (auto& one : hosts_) {
      if (!one->running()) one->start();
      one->step();
      if (one->running()) skip_where_stopped(*one);
    }
    cluster.pass_time(5);
  }
  return drained();
}

void World::skip_where_stopped(Host& host) {
  for (const dedup::PartitionStatus& partition : host.status().partitions) {
    if (!host.running()) return;
    if (partition.mode != dedup::PartitionMode::stopped) continue;
    const auto next = workload.inputs().lower_bound({partition.tp, partition.next_offset});
    if (next == workload.inputs().end() || next->first.tp != partition.tp) continue;
    auto asked = host.slot().skip(partition.tp, next->first.offset);
    for (int i = 0; i < 50 && host.running(); ++i) {
      if (asked.wait_for(std::chrono::seconds(0)) == std::future_status::ready) break;
      host.step();
      cluster.pass_time(1);
    }
  }
}

void World::stop_all() {
  for (auto& one : hosts_) one->stop();
}

void World::change_windows(const std::function<void(dedup::SlotOptions&)>& change) {
  change(options.slot);
  windows.change(cluster.last_txn(), options.slot);
  for (auto& one : hosts_) {
    one->change_options([this](dedup::SlotOptions& slot) {
      slot.ttl = options.slot.ttl;
      slot.rule_ttls = options.slot.rule_ttls;
    });
  }
}

Oracle World::judge(const Exemptions& exemptions) {
  Oracle oracle(cluster, workload, options.slot, windows, exemptions, violations);
  oracle.check_outputs();
  return oracle;
}

}  // namespace firstseen::simulation
