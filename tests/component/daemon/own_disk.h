#pragma once

#include <algorithm>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "component/daemon/daemon.h"

namespace firstseen::test {

/// The daemon on a file system that is mounted where only it sees it.
class OwnDisk : public Daemon {
 protected:
  static constexpr const char* unshare = "/usr/bin/unshare";

  void SetUp() override {
    Program trial(unshare, {"--mount", "--propagation", "private", "/bin/true"}, {}, "");
    if (const Finished tried = trial.wait(); tried.status != 0) {
      GTEST_SKIP() << "needs root and a mount namespace of its own: " << tried.err;
    }
    Daemon::SetUp();
    std::filesystem::create_directory(scene_->store());
  }

  /// A shell script in a mount namespace of its own. $1: the store's path, $2: the program, $3: its configuration, $4.
  Program in_own_mounts(const std::string& script, const std::string& more = "") const {
    return {unshare,
            {"--mount", "--propagation", "private", "/bin/sh", "-c", script, "sh", scene_->store(), firstseen_program(),
             scene_->config(), more},
            {},
            ""};
  }

  /// The store as seen from this process, which is outside of the daemon's mounts.
  std::string seen_from_outside(const Program& daemon) const {
    return "/proc/" + std::to_string(daemon.pid()) + "/root" + scene_->store();
  }

  Finished status_of(const Program& daemon) const {
    return test::run({"status", "--store", seen_from_outside(daemon), "--json"});
  }
  ::testing::AssertionResult says(const Program& daemon, const std::function<bool(const Json&)>& wanted) const {
    Finished last;
    const bool reached = eventually([&] {
      last = status_of(daemon);
      const Json json = Json::parse(last.out, nullptr, false);
      return json.is_object() && wanted(json);
    });
    return reached ? ::testing::AssertionSuccess()
                   : ::testing::AssertionFailure() << last.out << last.err << daemon.log();
  }

  /// It cannot write its store: alive, not ready, and no try ends that, only a batch that settles. One of the reasons
  /// is told.
  ::testing::AssertionResult pauses(const Program& daemon, const std::vector<std::string>& reasons) const {
    Finished told;
    if (!eventually([&] { return (told = status_of(daemon)).status == 75; })) {
      return ::testing::AssertionFailure() << "does not pause: " << told.out << told.err << daemon.log();
    }
    const auto tries = [&] { return Json::parse(told.out)["counters"]["batches_aborted"].get<int>(); };
    const int before = tries();
    bool still = true;
    const bool tried = eventually([&] {
      told = status_of(daemon);
      const bool says_why = std::ranges::any_of(
          reasons, [&](const std::string& reason) { return told.out.find(reason) != std::string::npos; });
      still = told.status == 75 && Json::parse(told.out)["state"] == "paused" && says_why;
      return !still || tries() >= before + 3;
    });
    if (still && tried) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << "status " << told.status << ": " << told.out << told.err << daemon.log();
  }
};

}  // namespace firstseen::test
