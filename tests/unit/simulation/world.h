#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host.h"
#include "oracle.h"
#include "windows.h"
#include "workload.h"

namespace firstseen::simulation {

/// A directory of its own on the memory file system (TMPDIR otherwise), removed at the end.
class ScratchDirectory {
 public:
  ScratchDirectory();
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  ScratchDirectory(ScratchDirectory&&) = delete;
  ScratchDirectory& operator=(ScratchDirectory&&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

struct WorldOptions {
  std::uint64_t seed = 1;
  std::int32_t partitions = 2;
  WorkloadOptions workload;
  dedup::SlotOptions slot;
  TopicSettings output;
  TopicSettings duplicates;
  TopicSettings rejects;
  Interposers interposers;
  bool trace = false;
};

/// Options under which a run is short: one input topic, a window of seconds, small batches.
WorldOptions small_world(std::uint64_t seed);

/// Everything of one run: cluster, clock, faults, input, hosts.
class World {
 public:
  explicit World(WorldOptions options);

  /// A host with a store of its own, or the given one; not started.
  Host& add_host(const std::string& name, const std::string& identity = "", const std::string& store = "");
  Host& host(std::size_t index = 0) { return *hosts_.at(index); }
  [[nodiscard]] std::vector<std::unique_ptr<Host>>& hosts() { return hosts_; }
  /// A second store directory with what the first holds now.
  void copy_store(const Host& from, const std::string& to);

  /// One step of every running host, and a little time.
  void step_all(std::int64_t pass_ms = 5);
  /// Steps until everything that is in the input is decided and committed, without new faults. False: stuck, which is a
  /// violation too, unless `partitions may stop` for good. As a person would, it takes pauses back and skips rejected
  /// messages at which a partition has stopped.
  bool drain(int most_steps = 10'000);
  [[nodiscard]] bool drained();
  void stop_all();
  /// Other ttls for every process that starts from now on. None runs.
  void change_windows(const std::function<void(dedup::SlotOptions&)>& change);
  /// Judges the outputs, and after stop_all() the stores.
  Oracle judge(const Exemptions& exemptions);

  SimClock clock;
  Faults faults;
  SimCluster cluster;
  Workload workload;
  Violations violations;
  WorldOptions options;
  Windows windows;

 private:
  void skip_where_stopped(Host& host);

  ScratchDirectory scratch_;
  std::vector<std::unique_ptr<Host>> hosts_;
};

}  // namespace firstseen::simulation
