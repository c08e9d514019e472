// The store's lookups and batches at a given number of live keys, beside a plain LMDB B+tree in the same run.
//
//   store_bench --keys N [--json] [--batch N] [--duplicates PERCENT] [--directory DIR]
//
// Keys live for N keys' worth of messages: the store is first filled with N, then measured over as many again while the
// oldest expire. The B+tree is measured over its first keys only (at most a million): it falls off as it grows.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <limits>
#include <string>

#include "store/lmdb.h"
#include "store/seen_store.h"

namespace {

using firstseen::Digest;
using firstseen::store::Bytes;
namespace store = firstseen::store;
namespace fs = std::filesystem;

struct Arguments {
  std::uint64_t keys = 1'000'000;
  std::uint64_t batch = 10'000;
  unsigned int duplicates = 2;
  bool json = false;
  fs::path directory = fs::temp_directory_path() / "firstseen-store-bench";
};

struct Measured {
  std::uint64_t messages = 0;
  double wall_s = 0;
  double cpu_s = 0;
  std::uint64_t live = 0;
  std::uint64_t disk_bytes = 0;
  std::uint64_t index_bytes = 0;
};

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::uint64_t mix(std::uint64_t x) {  // splitmix64
  x += 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27U)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31U);
}

Digest digest_of(std::uint64_t key) {
  Digest digest;
  const std::array<std::uint64_t, 2> words = {mix(key), mix(~key)};
  std::memcpy(digest.bytes.data(), words.data(), sizeof words);
  return digest;
}

/// Message i carries a new key, or, every so often, that of a recent one.
std::uint64_t key_of_message(std::uint64_t i, const Arguments& arguments) {
  const std::uint64_t random = mix(i ^ 0x5EEDULL);
  if (i == 0 || random % 100 >= arguments.duplicates) return i;
  const std::uint64_t reach = std::min(i, arguments.keys / 2 + 1);
  return i - 1 - mix(random) % reach;
}

[[noreturn]] void stop(const std::string& message) {
  fmt::print(stderr, "store_bench: {}\n", message);
  std::exit(1);
}

/// One batch of the store's own loop: find, stage, prepare, settle. One message is one millisecond of stream time.
void run_batch(store::SeenStore& seen, std::uint64_t first, const Arguments& arguments) {
  const auto end = static_cast<std::int64_t>(first + arguments.batch);
  static std::vector<store::Entry> entries;
  static std::vector<std::optional<store::Found>> found;
  entries.clear();
  for (std::uint64_t i = first; i < first + arguments.batch; ++i) {
    const auto now = static_cast<std::int64_t>(i);
    entries.push_back({digest_of(key_of_message(i, arguments)), 0, now, now, store::EntryKind::seen});
  }
  found.resize(entries.size());
  seen.decide(entries, false, found);
  store::SourceRange range;
  range.tp = {"bench", 0};
  range.start = static_cast<std::int64_t>(first);
  range.end = end;
  range.after = {end, end, 0, {}};
  const auto prepared =
      seen.prepare({&range, 1}, static_cast<std::int64_t>(first) - static_cast<std::int64_t>(arguments.keys), false);
  if (!prepared) stop(prepared.error().message);
  seen.settle();
}

Measured measure_store(const Arguments& arguments) {
  store::OpenOptions options;
  options.directory = arguments.directory / "store";
  options.durability = store::Durability::process_crash;
  options.ttl = firstseen::Millis{static_cast<std::int64_t>(arguments.keys)};
  options.max_size_bytes = arguments.keys * 64 + (64ULL << 20U);
  auto seen = store::SeenStore::open(options);
  if (!seen) stop(seen.error().message);
  std::uint64_t message = 0;
  for (; message < arguments.keys; message += arguments.batch) run_batch(**seen, message, arguments);
  Measured result;
  const double wall = wall_seconds();
  const double cpu = cpu_seconds();
  for (; message < 2 * arguments.keys; message += arguments.batch) {
    run_batch(**seen, message, arguments);
    result.messages += arguments.batch;
  }
  result.wall_s = wall_seconds() - wall;
  result.cpu_s = cpu_seconds() - cpu;
  const store::Stats stats = (*seen)->stats();
  result.live = stats.live_entries;
  result.disk_bytes = stats.used_bytes;
  result.index_bytes = stats.index_bytes;
  return result;
}

/// The obvious alternative: one B+tree from digest to time, a get and a put per message, one commit per batch.
Measured measure_btree(const Arguments& arguments) {
  const fs::path directory = arguments.directory / "btree";
  fs::create_directories(directory);
  const std::array<store::DatabaseName, 1> names = {store::DatabaseName{"seen", 0}};
  auto env =
      store::Env::open({.directory = directory, .map_bytes = 1ULL << 30U, .without_sync = true, .databases = {}});
  if (!env) stop(env.error().message);
  if (auto made = (*env)->create_databases(names); !made) stop(made.error().message);
  const store::Dbi seen = (*env)->database("seen").value();
  Measured result;
  const double wall = wall_seconds();
  const double cpu = cpu_seconds();
  for (std::uint64_t first = 0; first < std::min<std::uint64_t>(arguments.keys, 1'000'000); first += arguments.batch) {
    auto txn = store::Txn::begin(**env, store::Txn::Mode::write);
    if (!txn) stop(txn.error().message);
    for (std::uint64_t i = first; i < first + arguments.batch; ++i) {
      const Digest digest = digest_of(key_of_message(i, arguments));
      auto known = txn->get(seen, digest.bytes);
      if (known && *known) continue;
      if (auto put = txn->put(seen, digest.bytes, store::integer_key(i)); !put) stop(put.error().message);
      ++result.live;
    }
    if (auto committed = txn->commit(); !committed) stop(committed.error().message);
    result.messages += arguments.batch;
  }
  result.wall_s = wall_seconds() - wall;
  result.cpu_s = cpu_seconds() - cpu;
  auto txn = store::Txn::begin(**env, store::Txn::Mode::read);
  const auto stat = txn->stat(seen);
  result.disk_bytes = (stat->ms_branch_pages + stat->ms_leaf_pages + stat->ms_overflow_pages) * stat->ms_psize;
  return result;
}

void print(const char* name, const Measured& m, const Arguments& arguments) {
  const double messages = static_cast<double>(m.messages);
  const double live = static_cast<double>(std::max<std::uint64_t>(m.live, 1));
  const double per_second = messages / m.wall_s;
  const double cpu_ns = m.cpu_s * 1e9 / messages;
  const double disk = static_cast<double>(m.disk_bytes) / live;
  const double memory = static_cast<double>(m.index_bytes) / live;
  if (arguments.json) {
    fmt::print(
        "{{\"bench\":\"store\",\"layout\":\"{}\",\"live_keys\":{},\"messages\":{},\"batch\":{},\"keys_per_s\":{:.0f},"
        "\"cpu_ns_per_key\":{:.0f},\"disk_bytes_per_key\":{:.1f},\"memory_bytes_per_key\":{:.1f}}}\n",
        name, m.live, m.messages, arguments.batch, per_second, cpu_ns, disk, memory);
  } else {
    fmt::print(
        "{:<10} {:>11} live keys {:>11.0f} keys/s {:>6.0f} ns CPU/key {:>6.1f} bytes/key on disk {:>6.1f} in memory\n",
        name, m.live, per_second, cpu_ns, disk, memory);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app{"Measures the seen-store"};
  app.add_option("--keys", arguments.keys, "live keys")
      ->check(CLI::Range(std::uint64_t{10'000}, std::uint64_t{2'000'000'000}));
  app.add_option("--batch", arguments.batch, "messages per batch")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000}));
  app.add_option("--duplicates", arguments.duplicates, "percent of messages whose key came before")
      ->check(CLI::Range(0, 99));
  app.add_option("--directory", arguments.directory, "scratch directory; its folders 'store' and 'btree' are removed");
  app.add_flag("--json", arguments.json, "one JSON object per line");
  CLI11_PARSE(app, argc, argv);
  const auto clean = [&] {
    for (const char* folder : {"store", "btree"}) fs::remove_all(arguments.directory / folder);
  };
  clean();
  print("btree", measure_btree(arguments), arguments);
  print("batch-log", measure_store(arguments), arguments);
  clean();
  return 0;
}
