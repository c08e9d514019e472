#pragma once

#include <array>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster.h"
#include "dedup/slot.h"
#include "faults.h"
#include "process.h"
#include "workload.h"

namespace firstseen::simulation {

/// Lets a test put something that lies between the slot and the simulation.
struct Interposers {
  std::function<Result<void>()> client;  ///< asked whenever a client is to be made
  std::function<std::unique_ptr<kafka::Consumer>(std::unique_ptr<kafka::Consumer>)> consumer;
  std::function<std::unique_ptr<kafka::Publisher>(std::unique_ptr<kafka::Publisher>)> publisher;
  std::function<std::unique_ptr<store::SeenStore>(std::unique_ptr<store::SeenStore>)> store;
};

struct HostOptions {
  std::string name;                 ///< for traces and as the committer's name
  std::string identity;             ///< group.instance.id and transactional.id
  std::filesystem::path directory;  ///< of the store
  dedup::SlotOptions slot;
  int publishing_permille = 500;  ///< how many of its steps are the publishing stage's
  std::size_t publish_slice = 4;  ///< messages that one of them publishes at most
  Interposers interposers;
  bool trace = false;
};

/// What the hosts of a run share.
struct Shared {
  SimCluster& cluster;
  Faults& faults;
  Violations& violations;
};

/// A machine that runs a daemon with one slot: starts, steps, kills and stops it.
class Host {
 public:
  Host(Shared shared, HostOptions options);
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;
  Host(Host&&) = delete;
  Host& operator=(Host&&) = delete;

  void start();
  /// One step of one of the slot's two stages, drawn by chance; if the slot ended, with an error or gracefully, the
  /// host is down afterwards.
  void step();
  /// kill -9, now.
  void crash();
  /// The slot is killed at the `count`-th of its next named steps (or the first `at` if given).
  void crash_at_step(int count, std::optional<dedup::Step> at = std::nullopt);
  /// Done once, from within the slot, when the process that runs now comes to this step.
  void when_at(dedup::Step step, std::function<void()> act);
  /// SIGTERM, and steps until it has stopped; or is killed at this step on the way, should it come to it. More than ten
  /// seconds and what is left of a step then are a violation.
  void stop(std::optional<dedup::Step> kill_at = std::nullopt);
  /// The volume is gone while it is down: what starts next has an empty store, and another name for it.
  void lose_store();
  void suspend(bool suspended) { process_->suspended = suspended; }

  [[nodiscard]] bool running() const { return slot_ != nullptr; }
  [[nodiscard]] bool suspended() const { return process_ && process_->suspended; }
  [[nodiscard]] dedup::Slot& slot() { return *slot_; }
  /// Empty while it is down.
  [[nodiscard]] dedup::SlotStatus status() const { return slot_ ? slot_->status() : dedup::SlotStatus(); }
  [[nodiscard]] const HostOptions& options() const { return options_; }
  [[nodiscard]] const std::string& last_error() const { return last_error_; }
  /// The exit status with which the last process ended by itself; nothing: it runs, was killed, or stopped gracefully.
  [[nodiscard]] std::optional<Exit> last_exit() const { return last_exit_; }
  /// Whether a line of the log, of all processes so far, contains this text.
  [[nodiscard]] bool has_logged(std::string_view text) const;
  /// Whether a warning does.
  [[nodiscard]] bool has_warned(std::string_view text) const;
  [[nodiscard]] bool killed() const { return process_ && !process_->alive; }
  [[nodiscard]] int starts() const { return starts_; }
  [[nodiscard]] const dedup::Counters& last_counters() const { return last_counters_; }
  [[nodiscard]] int steps_seen(dedup::Step step) const { return steps_seen_[static_cast<std::size_t>(step)]; }
  [[nodiscard]] int kills_at(dedup::Step step) const { return kills_at_[static_cast<std::size_t>(step)]; }
  void change_options(const std::function<void(dedup::SlotOptions&)>& change) { change(options_.slot); }

 private:
  class CrashHook;
  Result<kafka::Client> make_client();
  void step_taking();
  void take_down(bool clean);
  void check_counters();

  Shared shared_;
  HostOptions options_;
  std::unique_ptr<Process> process_;
  std::unique_ptr<CrashHook> hook_;
  std::unique_ptr<key::Deriver> deriver_;
  std::unique_ptr<store::SeenStore> store_;
  std::unique_ptr<dedup::Slot> slot_;
  std::string last_error_;
  std::optional<Exit> last_exit_;
  std::vector<std::string> log_;
  std::vector<std::string> warnings_;  ///< those of log_
  dedup::Counters last_counters_;
  std::array<int, dedup::step_names.size()> steps_seen_{};
  std::array<int, dedup::step_names.size()> kills_at_{};
  std::int64_t taking_ms_ = 0;  ///< simulated time that the taking stage's steps have taken
  int starts_ = 0;
};

}  // namespace firstseen::simulation
