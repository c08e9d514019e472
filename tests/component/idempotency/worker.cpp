// A process of its own for the tests of operations that many processes share.
//
//   worker race DIR KEYS THREADS SEED       every thread tries to start every key; prints how many it won
//   worker drain DIR KEYS EFFECTS POLICY SEED   runs every key whose outcome is not known; each run adds a line to
//   EFFECTS
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "idempotency/handler.h"

namespace firstseen::idempotency {
namespace {

constexpr std::uint64_t map_bytes = 64ULL << 20U;

int complain(const Error& error) {
  fmt::print(stderr, "{}\n", error.message);
  return 1;
}

std::vector<int> shuffled(int count, unsigned seed) {
  std::vector<int> numbers(static_cast<std::size_t>(count));
  std::iota(numbers.begin(), numbers.end(), 0);
  std::shuffle(numbers.begin(), numbers.end(), std::mt19937(seed));
  return numbers;
}

Key key_of(int number) { return *Key::make(fmt::format("key {}", number)); }

/// Says that it is ready and waits for one byte, so that all processes begin at once.
bool wait_for_the_others() {
  fmt::print("ready\n");
  char go = 0;
  return std::fflush(stdout) == 0 && ::read(STDIN_FILENO, &go, 1) == 1;
}

int race(const std::shared_ptr<ResultStore>& store, int keys, int threads, unsigned seed) {
  std::atomic<int> won = 0;
  std::atomic<bool> failed = false;
  std::vector<std::thread> racing;
  Handler handler(store);
  if (!wait_for_the_others()) return 1;
  racing.reserve(static_cast<std::size_t>(threads));
  for (int i = 0; i < threads; ++i) {
    racing.emplace_back([&, i] {
      // Each process begins at another key; half of the threads go the other way, so that they cross.
      const int first = static_cast<int>(seed) * keys / 4;
      for (int k = 0; k < keys; ++k) {
        const int number = (first + (i % 2 == 0 ? k : keys - k)) % keys;
        const auto started = handler.start(key_of(number));
        if (!started) failed = complain(started.error()) != 0;
        if (started && started->claim) ++won;
      }
    });
  }
  for (std::thread& thread : racing) thread.join();
  fmt::print("{}\n", won.load());
  static_cast<void>(std::fflush(stdout));
  // Stays alive until told, so that nobody finds its attempts abandoned.
  char end = 0;
  return failed || ::read(STDIN_FILENO, &end, 1) < 0 ? 1 : 0;
}

int drain(const std::shared_ptr<ResultStore>& store, int keys, const std::string& effects, OnAbandoned policy,
          unsigned seed) {
  const int file = ::open(effects.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  Handler handler(store, {.on_abandoned = policy});
  for (const int number : shuffled(keys, seed)) {
    const auto done = handler.execute(key_of(number), [&](const Claim&) -> Result<Outcome> {
      const std::string line = fmt::format("{}\n", number);
      if (::write(file, line.data(), line.size()) < 0) return fail(Exit::io, "effect");
      return Outcome::success(line);
    });
    if (!done) return complain(done.error());
  }
  return 0;
}

int run(const std::vector<std::string>& words) {
  auto opened = open_lmdb_store({.directory = words.at(2), .max_size_bytes = map_bytes});
  if (!opened) return complain(opened.error());
  const std::shared_ptr<ResultStore> store = std::move(*opened);
  const int keys = std::stoi(words.at(3));
  if (words.at(1) == "race") {
    return race(store, keys, std::stoi(words.at(4)), static_cast<unsigned>(std::stoul(words.at(5))));
  }
  const auto policy = words.at(5) == "retry" ? OnAbandoned::retry : OnAbandoned::conflict;
  return drain(store, keys, words.at(4), policy, static_cast<unsigned>(std::stoul(words.at(6))));
}

}  // namespace
}  // namespace firstseen::idempotency

int main(int argc, char** argv) {
  try {
    return firstseen::idempotency::run({argv, argv + argc});
  } catch (const std::exception& error) {
    fmt::print(stderr, "worker: {}\n", error.what());
    return 2;
  }
}
