#include "bench/store/workload.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>

namespace firstseen::bench {
namespace {

std::uint64_t mix(std::uint64_t x) {  // splitmix64
  x += 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27U)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31U);
}

std::uint64_t random_of(std::uint64_t i) { return mix(i ^ 0x5EEDULL); }

bool has_own_key(const Workload& workload, std::uint64_t i) {
  return i == 0 || random_of(i) % 100 >= workload.duplicates;
}

}  // namespace

/// Only own keys are repeated: any other number would be a new key.
std::uint64_t key_number(const Workload& workload, std::uint64_t i) {
  if (has_own_key(workload, i)) return i;
  constexpr int attempts = 64;
  std::uint64_t random = random_of(i);
  for (int attempt = 0; attempt < attempts; ++attempt) {
    random = mix(random);
    const std::uint64_t repeated = i - 1 - random % std::min(i, workload.reach());
    if (has_own_key(workload, repeated)) return repeated;
  }
  return i;
}

void make_batch(const Workload& workload, std::uint64_t first, std::vector<Message>& messages) {
  messages.resize(workload.batch);
  for (std::uint64_t i = 0; i < workload.batch; ++i) {
    const std::uint64_t key = key_number(workload, first + i);
    const std::array<std::uint64_t, 2> words = {mix(key), mix(~key)};
    std::memcpy(messages[i].digest.bytes.data(), words.data(), sizeof words);
    messages[i].time_ms = static_cast<std::int64_t>(first + i);
  }
}

std::vector<Message> left_by_filling(const Workload& workload) {
  std::vector<Message> all;
  all.reserve(workload.filling());
  std::vector<Message> batch;
  for (std::uint64_t first = 0; first < workload.filling(); first += workload.batch) {
    make_batch(workload, first, batch);
    all.insert(all.end(), batch.begin(), batch.end());
  }
  std::sort(all.begin(), all.end(), [](const Message& a, const Message& b) {
    return a.digest == b.digest ? a.time_ms < b.time_ms : a.digest < b.digest;
  });
  const auto window = static_cast<std::int64_t>(workload.window);
  std::size_t kept = 0;
  for (const Message& message : all) {  // those with one key stand in the order of their times
    if (kept == 0 || all[kept - 1].digest != message.digest) {
      all[kept++] = message;
    } else if (message.time_ms - all[kept - 1].time_ms > window) {
      all[kept - 1] = message;
    }
  }
  all.resize(kept);
  return all;
}

void give_up(const std::string& why) {
  fmt::print(stderr, "store_bench: {}\n", why);
  std::exit(1);
}

}  // namespace firstseen::bench
