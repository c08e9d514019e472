// ./dev bench store: the seen-store beside other ways of telling duplicates, in alternating slices of one run, by one
// thread. Prints one JSON object; tests/bench/store.py makes the table of it.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "bench/guarded_main.h"
#include "bench/store/contestants.h"
#include "bench/store/lane.h"
#include "bench/store/start.h"

namespace {

using firstseen::bench::Lane;
using firstseen::bench::Workload;
using firstseen::store::Durability;
using Json = nlohmann::ordered_json;
namespace bench = firstseen::bench;
namespace fs = std::filesystem;

constexpr std::uint64_t largest_size = 300'000'000;  // keys

struct Arguments {
  std::uint64_t keys = 20'000'000;
  std::string group = "contestants";
  bool slow = true;
  bool oracle = true;
  bool wait = false;
  double seconds = 2;
  int rounds = 5;
  fs::path directory = fs::temp_directory_path() / "firstseen-store-bench";
};

using Lanes = std::vector<std::unique_ptr<Lane>>;

void add(Lanes& lanes, const std::string& name, const Workload& workload,
         std::unique_ptr<bench::Contestant> contestant) {
  lanes.push_back(std::make_unique<Lane>(name, workload, std::move(contestant)));
}

Lanes contestants(const Arguments& chosen) {
  const Workload workload{.window = chosen.keys};
  Lanes lanes;
  add(lanes, "firstseen", workload,
      bench::make_seen_store(chosen.directory / "seen", workload, Durability::process_crash));
  add(lanes, "flat hash map", workload, bench::make_flat_map(workload));
  if (!chosen.slow) return lanes;
  add(lanes, "B+tree", workload, bench::make_btree(chosen.directory / "btree", workload));
  add(lanes, "RocksDB", workload, bench::make_rocksdb(chosen.directory / "rocksdb", workload));
  return lanes;
}

Lanes variants(const Arguments& chosen) {
  const auto store = [&](const std::string& name, const Workload& workload, Durability durability, Lanes& lanes) {
    add(lanes, name, workload, bench::make_seen_store(chosen.directory / name, workload, durability));
  };
  Lanes lanes;
  const std::uint64_t keys = chosen.keys;
  store("batches of 10k", {.window = keys}, Durability::process_crash, lanes);
  store("batches of 1k", {.window = keys, .batch = 1000}, Durability::process_crash, lanes);
  store("batches of 100k", {.window = keys, .batch = 100'000}, Durability::process_crash, lanes);
  store("half duplicates", {.window = keys, .duplicates = 50}, Durability::process_crash, lanes);
  store("power_loss", {.window = keys}, Durability::power_loss, lanes);
  return lanes;
}

/// How the rate holds up as the store grows, to `largest_size` at most unless it begins above it; store.py knows these.
Lanes sizes(const Arguments& chosen) {
  Lanes lanes;
  for (const std::uint64_t times : {1U, 5U, 15U}) {
    const Workload workload{.window = std::max(chosen.keys, std::min(times * chosen.keys, largest_size))};
    if (!lanes.empty() && lanes.back()->workload().window == workload.window) break;
    const std::string name = fmt::format("{} keys", workload.window);
    add(lanes, name, workload, bench::make_seen_store(chosen.directory / name, workload, Durability::process_crash));
  }
  return lanes;
}

Lanes alone(const Arguments& chosen) {
  const Workload workload{.window = chosen.keys};
  Lanes lanes;
  add(lanes, "firstseen", workload,
      bench::make_seen_store(chosen.directory / "seen", workload, Durability::process_crash));
  return lanes;
}

/// Ends the contestants, whose memory the oracle takes, and holds their answers against it.
void check_answers(const Lanes& lanes, const Arguments& chosen, Json& result) {
  if (!chosen.oracle) return;
  for (const auto& lane : lanes) lane->release();
  std::uint64_t wrong = 0;
  std::uint64_t answered = 0;
  for (const auto& lane : lanes) {
    fmt::print(stderr, "checking {}\n", lane->name());
    wrong += lane->wrong_answers();
    answered += lane->answered();
  }
  result["notes"].push_back(fmt::format("wrong answers against the oracle: {} of {}", wrong, answered));
  result["exact"] = wrong == 0;
}

Json milliseconds(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

Json growth_ms(const bench::Contestant::Size& size) {
  return size.longest_growth_s ? Json(*size.longest_growth_s * 1e3) : Json();
}

Json row_of(const Lane& lane) {
  const bench::Contestant::Size size = lane.contestant().size();
  const auto per_key = [&](std::uint64_t bytes) {
    return static_cast<double>(bytes) / static_cast<double>(std::max<std::uint64_t>(size.live, 1));
  };
  return {
      {"contestant", lane.name()},
      {"live_keys", size.live},
      {"held_keys", size.held > 0 ? Json(size.held) : Json()},
      {"keys_per_s", lane.median_rate()},
      {"slowest", lane.slowest_rate()},
      {"fastest", lane.fastest_rate()},
      {"worst_second", lane.worst_second_rate()},
      {"longest_batch_ms", lane.longest_batch_ms()},
      {"longest_batch_of_filling_ms", milliseconds(lane.longest_batch_of_filling_ms())},
      {"most_cpu_ms_of_a_filling_batch", milliseconds(lane.most_cpu_ms_of_a_filling_batch())},
      {"longest_growth_of_a_batch_ms", growth_ms(size)},
      {"cpu_ns_per_key", lane.cpu_ns()},
      {"disk_bytes_per_key", per_key(size.disk_bytes)},
      {"memory_bytes_per_key", per_key(size.memory_bytes)},
      {"worst_memory_bytes_per_key", size.worst_memory_bytes > 0 ? Json(per_key(size.worst_memory_bytes)) : Json()}};
}

/// A quarter of a window after the store was filled no growth of the index is under way any more: it takes a thirtieth
/// of the keys to begin, and an eighth to be done (lib/store/README.md).
void come_to_rest(Lane& lane) {
  while (lane.decided() < lane.workload().window / 4) lane.run(0.1, false);
}

/// When the store is at rest, says how large it is, and goes on with the next line of input: meanwhile somebody may
/// limit our memory.
void wait_for_go(Lane& lane) {
  while (lane.decided() < lane.workload().window) lane.run(0.1, false);
  const bench::Contestant::Size size = lane.contestant().size();
  fmt::print("{}\n", Json{{"memory_bytes", size.memory_bytes}, {"disk_bytes", size.disk_bytes}}.dump());
  std::fflush(stdout);
  std::string line;
  std::getline(std::cin, line);
}

Json run(const Arguments& chosen) {
  Lanes lanes = chosen.group == "variants"      ? variants(chosen)
                : chosen.group == "contestants" ? contestants(chosen)
                : chosen.group == "sizes"       ? sizes(chosen)
                                                : alone(chosen);
  for (auto& lane : lanes) {
    fmt::print(stderr, "filling {} with {} keys\n", lane->name(), lane->workload().window);
    lane->fill();
  }
  if (chosen.group == "sizes") std::ranges::for_each(lanes, [](const auto& lane) { come_to_rest(*lane); });
  if (chosen.wait) wait_for_go(*lanes.front());
  for (int round = 0; round <= chosen.rounds; ++round) {
    fmt::print(stderr, "round {} of {}{}\n", round, chosen.rounds, round == 0 ? ": warm-up" : "");
    for (auto& lane : lanes) lane->run(chosen.seconds, round > 0);
  }
  Json rows = Json::array();
  Json ratios = Json::object();
  for (const auto& lane : lanes) {
    rows.push_back(row_of(*lane));
    if (lane == lanes.front()) continue;
    const bool variant = chosen.group != "contestants";
    const double ratio = lanes.front()->median_rate() / lane->median_rate();
    const std::string name = variant ? lane->name() + " / " + lanes.front()->name() : "firstseen / " + lane->name();
    ratios[name] = variant ? 1 / ratio : ratio;
  }
  ratios["worst second / mean"] = lanes.front()->worst_second_rate() / lanes.front()->median_rate();
  Json result = {
      {"benchmark", "store"},
      {"settings", {{"live keys", chosen.keys}, {"rounds", chosen.rounds}, {"seconds per slice", chosen.seconds}}},
      {"rows", rows},
      {"ratios", ratios}};
  check_answers(lanes, chosen, result);
  return result;
}

/// The size of the file after each of six windows: it must not grow.
Json run_windows(const Arguments& chosen) {
  Lanes lanes = alone(chosen);
  Lane& lane = *lanes.front();
  lane.fill();
  Json rows = Json::array();
  for (std::uint64_t window = 1; window <= 6; ++window) {
    while (lane.decided() < window * chosen.keys) lane.run(0.1, true);
    const auto size = lane.contestant().size();
    rows.push_back({{"windows", window}, {"file_bytes", size.file_bytes}, {"used_bytes", size.disk_bytes}});
  }
  const double ratio = rows.back()["file_bytes"].get<double>() / rows.front()["file_bytes"].get<double>();
  Json result = {{"benchmark", "store"},
                 {"settings", {{"live keys", chosen.keys}}},
                 {"rows", rows},
                 {"ratios", {{"file after 6 windows / after 1", ratio}}}};
  check_answers(lanes, chosen, result);
  return result;
}

/// How long batches wait while the index grows: one store after the other is filled, with batches of the usual size and
/// with the largest that a daemon makes unless told otherwise (delivery.max_batch).
Json run_growth(const Arguments& chosen) {
  Json result = {{"benchmark", "store"}, {"settings", {{"live keys", chosen.keys}}}};
  double longest_ms = 0;
  Lanes lanes;
  for (const std::uint64_t batch : {10'000U, 100'000U}) {
    const Workload workload{.window = chosen.keys, .batch = batch};
    const std::string name = fmt::format("batches of {}k", batch / 1000);
    const fs::path directory = chosen.directory / name;
    add(lanes, name, workload, bench::make_seen_store(directory, workload, Durability::process_crash));
    Lane& lane = *lanes.back();
    fmt::print(stderr, "filling {} with {} keys\n", name, chosen.keys);
    lane.fill();
    const bench::Contestant::Size size = lane.contestant().size();
    longest_ms = std::max(longest_ms, size.longest_growth_s.value_or(0) * 1e3);
    result["rows"].push_back({{"filled_with", name},
                              {"live_keys", size.live},
                              {"longest_growth_of_a_batch_ms", growth_ms(size)},
                              {"longest_batch_ms", milliseconds(lane.longest_batch_of_filling_ms())},
                              {"most_cpu_ms_of_a_batch", milliseconds(lane.most_cpu_ms_of_a_filling_batch())}});
    lane.release();  // the next one shall have its memory and its disk
    fs::remove_all(directory);
  }
  result["ratios"] = {{"longest growth / 50 ms", longest_ms / 50}};
  check_answers(lanes, chosen, result);
  return result;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// How long a start takes, after a kill and after a clean stop.
Json run_starts(const Arguments& chosen) {
  Json rows = Json::array();
  Json notes = Json::array();
  for (const bench::Starts& starts : bench::measure_starts(chosen.directory / "seen", chosen.keys, chosen.rounds)) {
    Json row = {{"start_after", starts.after},
                {"live_keys", starts.live},
                {"start_s", median(starts.wall_s)},
                {"slowest_s", *std::max_element(starts.wall_s.begin(), starts.wall_s.end())},
                {"cpu_s", starts.cpu_s / static_cast<double>(starts.wall_s.size())}};
    row["stop_s"] = starts.stop_s.empty() ? Json() : Json(median(starts.stop_s));
    rows.push_back(row);
    notes.push_back(fmt::format("after {}: {}", starts.after, starts.index));
    if (!starts.saved.empty()) notes.push_back(fmt::format("at a {}: {}", starts.after, starts.saved));
  }
  return {{"benchmark", "store"},
          {"settings", {{"live keys", chosen.keys}, {"rounds", chosen.rounds}}},
          {"rows", rows},
          {"ratios", Json::object()},
          {"notes", notes}};
}

int run_bench(int argc, char** argv) {
  Arguments chosen;
  CLI::App app{"Measures the seen-store beside others; prints JSON"};
  app.add_option("--keys", chosen.keys, "live keys")
      ->check(CLI::Range(std::uint64_t{100'000}, std::uint64_t{2'000'000'000}));
  app.add_option("--group", chosen.group, "what runs")
      ->check(CLI::IsMember({"contestants", "variants", "sizes", "alone", "windows", "growth", "start"}));
  app.add_flag("--slow,!--without-slow", chosen.slow, "with the B+tree and RocksDB");
  app.add_flag("!--without-oracle", chosen.oracle, "do not check the answers (4 bytes of memory per key, at the end)");
  app.add_flag("--wait", chosen.wait, "when filled, print the size and wait for a line of input");
  app.add_option("--seconds", chosen.seconds, "of each slice")->check(CLI::Range(0.01, 600.0));
  app.add_option("--rounds", chosen.rounds, "slices of each contestant that count")->check(CLI::Range(1, 100));
  app.add_option("--directory", chosen.directory, "scratch directory: made, and removed at the end");
  CLI11_PARSE(app, argc, argv);
  if (fs::exists(chosen.directory)) bench::give_up(chosen.directory.string() + " exists already");
  fs::create_directories(chosen.directory);
  Json result = chosen.group == "windows"  ? run_windows(chosen)
                : chosen.group == "growth" ? run_growth(chosen)
                : chosen.group == "start"  ? run_starts(chosen)
                                           : run(chosen);
  fs::remove_all(chosen.directory);
  result["notes"].push_back(fmt::format("LMDB {}, RocksDB {}, Boost {}; compiler {}", bench::lmdb_version(),
                                        bench::rocksdb_version(), bench::boost_version(), __VERSION__));
  fmt::print("{}\n", result.dump(2));
  return result.value("exact", true) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return firstseen::bench::guarded_main("store_bench", run_bench, argc, argv); }
