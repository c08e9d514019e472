#include "plan/report.h"

#include <fmt/format.h>

#include "base/units.h"
#include "plan/figures.h"
#include "plan/words.h"

namespace firstseen::plan {
namespace {

std::string count(double value) { return format_count(whole(value)); }

std::string per_key(double least, double most) { return fmt::format("{:g} to {:g} bytes per key", least, most); }

}  // namespace

std::string plan_text(const Workload& workload, const Plan& plan) {
  Table table({"need", "figure", "from"});
  table.row({"new keys", count(plan.entries_per_s) + "/s",
             fmt::format("computed: {:g} messages/s, {:g} of them with a new key{}", workload.messages_per_s,
                         workload.unique_share, workload.refresh_on_duplicate ? "; duplicates refresh theirs" : "")});
  table.row({"in the window", count(plan.entries) + " keys", "computed: a window of " + format_duration(workload.ttl)});
  table.row(
      {"disk", about_size(plan.disk_bytes),
       fmt::format("computed from the format: {:.1f} bytes per key in records of {} keys, {}; measured: {:g} with "
                   "10,000 and 1 partition",
                   plan.disk_bytes_per_key(), count(plan.entries_per_record),
                   format_counted(workload.partitions, "partition"), measured::disk_bytes_per_key)});
  table.row({"store.max_size", format_size(plan.max_size_bytes),
             workload.max_size_bytes ? "as configured" : "to set: the disk and a quarter more"});
  table.row({"free disk", about_size(plan.disk_to_keep_bytes),
             workload.several_ttls
                 ? "computed: the file of that max_size at its largest"
                 : "computed: the file of that max_size at its largest, and the index that a clean stop leaves"});
  table.row({"memory of the index", about_size(plan.index_bytes),
             fmt::format("at most, at rest: bound of {}; measured: {:g}", per_key(8.5, bound::index_bytes_per_key),
                         measured::index_bytes_per_key)});
  table.row({"  while it grows", about_size(plan.index_bytes_growing),
             fmt::format("measured: {:g} bytes per key", measured::index_bytes_per_key_growing)});
  table.row({"memory beside it", about_size(plan.memory_beside_index_bytes),
             plan.memory_beside_index_bytes > static_cast<double>(bound::most_beside_index_bytes)
                 ? "the most that was measured, and what kafka.prefetch_bytes has above its default"
                 : "the most that was measured"});
  table.row({"start after a kill", about_time(plan.start_after_kill_s),
             fmt::format("computed for this machine's cores; measured: {:g} ns of CPU per key, page cache warm",
                         measured::start_cpu_ns_per_key_after_kill)});
  table.row({"start after a stop", about_time(plan.start_after_clean_stop_s),
             workload.several_ttls
                 ? "as after a kill: with several ttls in key.rules no index is saved, and every start reads the logs"
                 : fmt::format("measured: {:g} ns of CPU per key, page cache warm",
                               measured::start_cpu_ns_per_key_after_clean_stop)});
  table.row({"positions", fmt::format("{:.1f} %", plan.positions / most_positions() * 100),
             fmt::format("computed: of the {} that a store's index has", count(most_positions()))});
  std::string text = table.text();
  for (const std::string& warning : plan.warnings) text += "\nwarning: " + warning + "\n";
  return text;
}

Json plan_json(const Workload& workload, const Plan& plan) {
  const Json in{{"messages_per_s", workload.messages_per_s},
                {"unique_share", workload.unique_share},
                {"partitions", workload.partitions},
                {"ttl_ms", workload.ttl.count()},
                {"commit_interval_ms", workload.commit_interval.count()},
                {"max_batch", workload.max_batch},
                {"refresh_on_duplicate", workload.refresh_on_duplicate},
                {"several_ttls", workload.several_ttls}};
  const Json needs{{"keys_per_s", plan.entries_per_s},
                   {"keys", whole(plan.entries)},
                   {"keys_per_record", plan.entries_per_record},
                   {"disk_bytes", whole(plan.disk_bytes)},
                   {"disk_bytes_per_key", plan.disk_bytes_per_key()},
                   {"max_size_bytes", plan.max_size_bytes},
                   {"free_disk_bytes", whole(plan.disk_to_keep_bytes)},
                   {"index_bytes", whole(plan.index_bytes)},
                   {"index_bytes_growing", whole(plan.index_bytes_growing)},
                   {"memory_beside_index_bytes", whole(plan.memory_beside_index_bytes)},
                   {"memory_bytes", whole(plan.memory_bytes)},
                   {"start_after_kill_s", plan.start_after_kill_s},
                   {"start_after_clean_stop_s", plan.start_after_clean_stop_s},
                   {"positions", whole(plan.positions)},
                   {"positions_limit", whole(most_positions())},
                   {"covered_share", plan.covered_share}};
  const Json figures{{"disk_bytes_per_key", measured::disk_bytes_per_key},
                     {"index_bytes_per_key", measured::index_bytes_per_key},
                     {"index_bytes_per_key_growing", measured::index_bytes_per_key_growing},
                     {"beside_index_bytes", measured::beside_index_bytes},
                     {"start_cpu_ns_per_key_after_kill", measured::start_cpu_ns_per_key_after_kill},
                     {"start_cpu_ns_per_key_after_clean_stop", measured::start_cpu_ns_per_key_after_clean_stop},
                     {"messages_per_s", measured::messages_per_s}};
  return {{"workload", in}, {"needs", needs}, {"measured", figures}, {"warnings", plan.warnings}};
}

}  // namespace firstseen::plan
