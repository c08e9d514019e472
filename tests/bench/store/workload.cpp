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

std::uint64_t key_of(const Workload& workload, std::uint64_t i) {
  const std::uint64_t random = mix(i ^ 0x5EEDULL);
  if (i == 0 || random % 100 >= workload.duplicates) return i;
  return i - 1 - mix(random) % std::min(i, workload.window / 2 + 1);
}

}  // namespace

void make_batch(const Workload& workload, std::uint64_t first, std::vector<Message>& messages) {
  messages.resize(workload.batch);
  for (std::uint64_t i = 0; i < workload.batch; ++i) {
    const std::uint64_t key = key_of(workload, first + i);
    const std::array<std::uint64_t, 2> words = {mix(key), mix(~key)};
    std::memcpy(messages[i].digest.bytes.data(), words.data(), sizeof words);
    messages[i].time_ms = static_cast<std::int64_t>(first + i);
  }
}

void give_up(const std::string& why) {
  fmt::print(stderr, "store_bench: {}\n", why);
  std::exit(1);
}

}  // namespace firstseen::bench
