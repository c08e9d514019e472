#include "bench/store/start.h"

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <ctime>

#include "bench/store/contestants.h"
#include "bench/store/lane.h"

namespace firstseen::bench {
namespace {

using store::SeenStore;

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// In a process of its own, whose end is that of a crash.
void fill_and_kill(const std::filesystem::path& directory, const Workload& workload) {
  const pid_t child = fork();
  if (child < 0) give_up("cannot fork");
  if (child == 0) {
    Lane("store", workload, make_seen_store(directory, workload, store::Durability::process_crash)).fill();
    kill(getpid(), SIGKILL);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) give_up("the process that fills the store failed");
}

std::unique_ptr<SeenStore> measured_open(const store::OpenOptions& options, Starts& starts) {
  const double wall = wall_seconds();
  const double cpu = cpu_seconds();
  auto opened = SeenStore::open(options);
  starts.wall_s.push_back(wall_seconds() - wall);
  starts.cpu_s += cpu_seconds() - cpu;
  if (!opened) give_up(opened.error().message);
  starts.live = (*opened)->stats().live_entries;
  for (const std::string& line : (*opened)->open_report()) {
    if (line.starts_with("index ")) starts.index = line;
  }
  return std::move(*opened);
}

}  // namespace

std::vector<Starts> measure_starts(const std::filesystem::path& directory, std::uint64_t keys, int rounds) {
  const Workload workload{.window = keys};
  fill_and_kill(directory, workload);
  const store::OpenOptions options = seen_store_options(directory, workload, store::Durability::process_crash);
  Starts crashed;
  crashed.after = "kill -9";
  Starts clean;
  clean.after = "clean stop";
  for (int round = 0; round < rounds; ++round) {
    auto opened = measured_open(options, crashed);
    const double before = wall_seconds();
    if (auto closed = opened->close_clean(); !closed) give_up(closed.error().message);
    clean.saved = opened->save_index(Millis{60'000});
    opened.reset();
    clean.stop_s.push_back(wall_seconds() - before);
    opened = measured_open(options, clean);
    opened.reset();  // without a clean stop, as if killed
  }
  return {crashed, clean};
}

}  // namespace firstseen::bench
