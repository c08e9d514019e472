#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "world.h"

namespace firstseen::simulation {

using Ids = std::vector<std::int64_t>;

/// One named situation in a simulated world without chance faults. A test sets `options`, fills the input, lets hosts
/// run, does what an operator or an accident does, and says exactly what must be in the output. Messages have the ids
/// 1, 2, 3... in the order in which they are said.
class Scenario : public testing::Test {
 protected:
  Scenario();
  /// Every breach of the client's or the store's contract fails the test.
  void TearDown() override;

  /// Built from `options` when first asked for.
  World& world();
  /// Checks the world as TearDown does and begins anew: the same test for another parameter.
  void again();
  SimCluster& cluster() { return world().cluster; }
  /// A host with one slot, started. Hosts with the same `identity` fence each other; `store` names a copied one.
  Host& start(const std::string& name = "A", const std::string& identity = "", const std::string& store = "");
  /// A keyed message, `at_ms` after the start of the simulated time. Its id.
  std::int64_t say(std::int32_t partition, const std::string& key, std::int64_t at_ms);
  /// Another kind of message at the present time. Its id.
  std::int64_t say(std::int32_t partition, Input input);
  std::int64_t say_poison(std::int32_t partition);
  /// A host that has published one message of partition 0 and stopped at the second, which has no key; one follows.
  Host& stopped_at_poison();

  /// Steps all hosts until the condition holds; a failure that names it when it does not.
  void run_until(const std::string& what, const std::function<bool()>& condition);
  /// Until every message of the input is consumed and committed, and the counters show it.
  void run();
  /// Until the host has passed this step once more.
  void run_until_step(Host& host, dedup::Step step);
  /// That much simulated time, with everybody at work.
  void go_on_for(std::int64_t ms);

  /// The ids of what a read_committed reader sees, sorted: doubles are there twice.
  Ids published(const std::string& topic = "out");
  /// The group's committed offset; -1: none.
  std::int64_t committed(std::int32_t partition);
  static TopicPartition in(std::int32_t partition) { return {"in", partition}; }
  /// How the host sees an assigned partition; a failure if it is not assigned.
  dedup::PartitionStatus partition(Host& host, std::int32_t number);
  static bool is_stopped(Host& host, std::int32_t number);
  /// What a person gets for `firstseen skip`.
  Result<std::string> skip(Host& host, TopicPartition tp, std::int64_t offset);
  /// What a person gets for `firstseen store forget`.
  Result<std::string> ask_to_forget(Host& host, const std::string& key);
  /// The same, done.
  void forget(Host& host, const std::string& key);

  /// Stops all hosts and lets the oracle judge outputs and stores.
  void expect_kept(const Exemptions& exemptions = {});

  WorldOptions options = small_world(1);

 private:
  std::optional<World> world_;
};

}  // namespace firstseen::simulation
