// Operations shared by processes that race and are killed.
#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "idempotency/handler.h"
#include "support/temporary_directory.h"
#include "worker_process.h"

namespace firstseen::test {
namespace {

using idempotency::Handler;
using idempotency::Key;
using idempotency::State;

constexpr int processes = 4;

constexpr int race_keys = 10'000;

/// All on the same keys, once each; how many of them won at least one.
int winning_processes_of_a_race() {
  const TemporaryDirectory directory(memory_directory());
  std::vector<WorkerProcess> workers;
  workers.reserve(processes);
  for (int i = 0; i < processes; ++i) {
    workers.emplace_back(std::vector<std::string>{"race", (directory.path() / "store").string(),
                                                  std::to_string(race_keys), "16", std::to_string(i)});
  }
  for (const WorkerProcess& worker : workers) EXPECT_EQ(worker.line(), "ready");
  for (const WorkerProcess& worker : workers) worker.go();
  int winners = 0;
  int winning_processes = 0;
  for (const WorkerProcess& worker : workers) {
    const int won = std::stoi("0" + worker.line());
    winners += won;
    winning_processes += won > 0 ? 1 : 0;
  }
  for (WorkerProcess& worker : workers) {
    worker.release();
    EXPECT_EQ(worker.wait(), 0);
  }
  EXPECT_EQ(winners, race_keys);
  return winning_processes;
}

TEST(Processes, Of64ThreadsIn4ProcessesExactlyOneStartsEachKey) {
  // On a busy machine one process may be through before the others have begun.
  for (int attempt = 0; attempt < 20; ++attempt) {
    if (winning_processes_of_a_race() > 1 || HasFailure()) return;
  }
  FAIL() << "nobody raced";
}

/// Runs workers on the same keys, killing one at random moments, until the kills are done; then lets one finish.
class Killing {
 public:
  explicit Killing(const std::string& policy) : policy_(policy) { const std::ofstream made(effects_path()); }

  void kill_many(int kills, unsigned seed) {
    std::mt19937 random(seed);
    for (int i = 0; i < kills; ++i) {
      WorkerProcess first = start(static_cast<unsigned>(random()));
      WorkerProcess second = start(static_cast<unsigned>(random()));
      // One is killed when a few more effects have happened, which is never at the same place.
      const std::size_t until = effects_bytes() + 1 + random() % 60;
      while (effects_bytes() < until && !first.ended()) ::poll(nullptr, 0, 1);
      first.kill();
      killed_ += first.wait() == 128 + 9 ? 1 : 0;
      second.kill();
      killed_ += second.wait() == 128 + 9 ? 1 : 0;
    }
    EXPECT_EQ(start(1).wait(), 0);
  }

  [[nodiscard]] std::map<int, int> effects() const {
    std::map<int, int> counts;
    std::ifstream file(effects_path());
    for (int number = 0; file >> number;) ++counts[number];
    return counts;
  }

  [[nodiscard]] std::map<State, int> states() const {
    std::map<State, int> states;
    std::shared_ptr<idempotency::ResultStore> store =
        std::move(*idempotency::open_lmdb_store({.directory = store_path(), .must_exist = true}));
    Handler handler(store);
    for (int i = 0; i < keys; ++i) ++states[handler.check(*Key::make("key " + std::to_string(i)))->state];
    return states;
  }

  [[nodiscard]] int killed() const { return killed_; }

  static constexpr int keys = 2000;

 private:
  [[nodiscard]] std::filesystem::path store_path() const { return directory_.path() / "store"; }
  [[nodiscard]] std::filesystem::path effects_path() const { return directory_.path() / "effects"; }
  [[nodiscard]] std::size_t effects_bytes() const { return std::filesystem::file_size(effects_path()); }
  [[nodiscard]] WorkerProcess start(unsigned seed) const {
    return WorkerProcess(
        {"drain", store_path().string(), std::to_string(keys), effects_path().string(), policy_, std::to_string(seed)});
  }

  const TemporaryDirectory directory_{memory_directory()};
  const std::string policy_;
  int killed_ = 0;
};

constexpr int kills = 25;   // of two processes each
constexpr int enough = 10;  // a process that finds every key done ends before it is killed

TEST(Processes, ThatAreKilledLeaveNoKeyUndoneWithRetry) {
  Killing killing("retry");
  killing.kill_many(kills, 4711);
  EXPECT_GE(killing.killed(), enough);
  EXPECT_EQ(killing.states(), (std::map<State, int>{{State::duplicate, Killing::keys}}));
  EXPECT_EQ(killing.effects().size(), static_cast<std::size_t>(Killing::keys));
}

TEST(Processes, ThatAreKilledCauseNoEffectTwiceWithConflict) {
  Killing killing("conflict");
  killing.kill_many(kills, 4712);
  EXPECT_GE(killing.killed(), enough);
  for (const auto& [key, times] : killing.effects()) EXPECT_EQ(times, 1) << "key " << key;
  auto states = killing.states();
  EXPECT_GT(states[State::abandoned], 0) << "no kill hit an operation";
  EXPECT_EQ(states[State::duplicate] + states[State::abandoned], Killing::keys);
}

}  // namespace
}  // namespace firstseen::test
