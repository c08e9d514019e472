#include "plan/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/units.h"
#include "output.h"
#include "plan/figures.h"
#include "plan/words.h"
#include "store/coalesce.h"
#include "store/log_store.h"
#include "store/record_layout.h"

namespace firstseen::plan {
namespace {

namespace layout = store::layout;

constexpr double page_bytes = 4096;
constexpr double page_header_bytes = 16;  // of LMDB
constexpr double node_bytes = 26;         // of LMDB: what leads to a record's pages
constexpr double position_step = 256;     // each record begins at a multiple of it
constexpr double topic_bytes = 24;        // of a topic's name, taken for usual
constexpr double least_time_width = 2;    // the messages of a batch are not of one moment
constexpr double headroom = 1.25;         // of store.max_size: rates have peaks
constexpr std::uint64_t least_max_size = 16ULL << 20U;
constexpr std::uint64_t most_max_size = 16ULL << 40U;

double round_up(double value, double step) { return std::ceil(value / step) * step; }

/// Bytes that hold a difference up to this.
double width_of(double difference) {
  double width = 1;
  for (double too_much = 256; difference >= too_much && width < 8; too_much *= 256) ++width;
  return width;
}

double seconds(Millis duration) { return static_cast<double>(duration.count()) / 1000; }

/// Entries of a record, after small ones have been written again as one.
double entries_per_record(const Workload& workload, double entries_per_s) {
  const store::CoalesceLimits limits;
  const double share = entries_per_s / workload.messages_per_s;
  const double messages =
      std::min(static_cast<double>(workload.max_batch), workload.messages_per_s * seconds(workload.commit_interval));
  const double batch = std::max(1.0, messages * share);
  const double together = std::floor(limits.entries / batch) * batch;
  const double in_time = entries_per_s * seconds(workload.ttl) / static_cast<double>(limits.ttl_parts);
  return std::max(batch, std::min(together, in_time));
}

/// To set as store.max_size: whole GiB, or MiB.
std::uint64_t rounded_size(double bytes) {
  constexpr double gib = 1U << 30U;
  constexpr double mib = 1U << 20U;
  const double rounded = round_up(bytes, bytes > gib ? gib : mib);
  return static_cast<std::uint64_t>(
      std::clamp(rounded, static_cast<double>(least_max_size), static_cast<double>(most_max_size)));
}

/// What was measured has the default of kafka.prefetch_bytes in it; a longer queue may take all of its bytes. The chart
/// computes the same (templates/_memory.tpl).
void plan_memory(const Workload& workload, Plan& plan) {
  const double small = plan.entries < bound::large_index ? bound::small_index_bytes : 0;
  plan.index_bytes = plan.entries * bound::index_bytes_per_key + small;
  plan.index_bytes_growing = plan.entries * measured::index_bytes_per_key_growing + small;
  const std::uint64_t prefetch = std::max(workload.prefetch_bytes, bound::measured_prefetch_bytes);
  plan.memory_beside_index_bytes =
      static_cast<double>(bound::most_beside_index_bytes + prefetch - bound::measured_prefetch_bytes);
  plan.memory_bytes = plan.index_bytes_growing + plan.memory_beside_index_bytes;
}

void plan_start(const Workload& workload, const Machine& machine, Plan& plan) {
  plan.start_after_kill_s = plan.entries * measured::start_cpu_ns_per_key_after_kill * 1e-9 / machine.cores;
  plan.start_after_clean_stop_s = workload.several_ttls
                                      ? plan.start_after_kill_s
                                      : plan.entries * measured::start_cpu_ns_per_key_after_clean_stop * 1e-9;
}

void plan_disk(const Workload& workload, Plan& plan) {
  const double share = plan.entries_per_s / workload.messages_per_s;
  const double span_ms = plan.entries_per_record / plan.entries_per_s * 1000;
  const double records = std::max(1.0, plan.entries / plan.entries_per_record);
  plan.disk_bytes =
      records * record_bytes(plan.entries_per_record, plan.entries_per_record / share, workload.partitions, span_ms);
  plan.positions = records * round_up(plan.entries_per_record, position_step);
  plan.max_size_bytes = workload.max_size_bytes.value_or(rounded_size(plan.disk_bytes * headroom));
  // The map is an eighth larger, plus 8 MiB; a clean stop leaves the index beside it.
  plan.disk_to_keep_bytes = static_cast<double>(plan.max_size_bytes) * 9 / 8 + static_cast<double>(8U << 20U) +
                            (workload.several_ttls ? 0 : plan.index_bytes_growing);
}

void check_window(const Workload& workload, Plan& plan) {
  const auto shortened = [&](double share) {
    plan.covered_share = std::min(plan.covered_share, share);
    return fmt::format("the window would cover about {} of {}", about_time(share * seconds(workload.ttl)),
                       format_duration(workload.ttl));
  };
  if (plan.positions > most_positions()) {
    plan.warnings.push_back(fmt::format(
        "a store has {} positions for keys and this takes {}: {}; share the partitions among more processes, or "
        "choose a shorter ttl",
        format_count(whole(most_positions())), format_count(whole(plan.positions)),
        shortened(most_positions() / plan.positions)));
  }
  const auto max_size = static_cast<double>(plan.max_size_bytes);
  if (plan.disk_bytes <= max_size) return;
  const std::string fault = workload.max_size_bytes ? fmt::format("store.max_size is {}", about_size(max_size))
                                                    : fmt::format("store.max_size is {} at most", about_size(max_size));
  const std::uint64_t enough = rounded_size(plan.disk_bytes * headroom);
  const bool possible = static_cast<double>(enough) > plan.disk_bytes;
  plan.warnings.push_back(fmt::format("{} and the keys take {}: {}; {}", fault, about_size(plan.disk_bytes),
                                      shortened(max_size / plan.disk_bytes),
                                      possible ? "set it to " + format_size(enough)
                                               : "share the partitions among more processes, or choose a shorter "
                                                 "ttl"));
}

void check_machine(const Workload& workload, const Machine& machine, Plan& plan) {
  if (machine.memory_bytes && plan.memory_bytes > static_cast<double>(*machine.memory_bytes)) {
    plan.warnings.push_back(fmt::format("it takes up to {} of memory while the index grows, and there are {} here",
                                        about_size(plan.memory_bytes),
                                        about_size(static_cast<double>(*machine.memory_bytes))));
  }
  if (machine.free_disk_bytes && plan.disk_to_keep_bytes > static_cast<double>(*machine.free_disk_bytes)) {
    plan.warnings.push_back(fmt::format("the store takes up to {} of disk, and {} are free here",
                                        about_size(plan.disk_to_keep_bytes),
                                        about_size(static_cast<double>(*machine.free_disk_bytes))));
  }
  if (workload.messages_per_s > measured::messages_per_s) {
    plan.warnings.push_back(
        fmt::format("one process carried {:.0f} messages/s where it was measured, on two cores "
                    "with the broker: measure on your machines, or run several",
                    measured::messages_per_s));
  }
}

}  // namespace

double most_positions() { return static_cast<double>(store::LogLimits{}.longest_log); }

double record_bytes(double entries, double messages, std::uint32_t partitions, double span_ms) {
  const double ranges = std::min(static_cast<double>(partitions), std::max(1.0, messages));
  const double range_width = ranges <= 1 ? 0 : ranges <= 256 ? 1 : 2;
  const double entry_bytes =
      layout::digest_bytes + width_of(messages / ranges) + std::max(least_time_width, width_of(span_ms)) + range_width;
  const double bytes = layout::header_bytes + ranges * (layout::range_row_bytes + topic_bytes) + entries * entry_bytes;
  return round_up(page_header_bytes + bytes, page_bytes) + node_bytes;
}

Plan make_plan(const Workload& workload, const Machine& machine) {
  Plan plan;
  plan.entries_per_s = workload.messages_per_s * (workload.refresh_on_duplicate ? 1 : workload.unique_share);
  plan.entries_per_record = entries_per_record(workload, plan.entries_per_s);
  plan.entries = plan.entries_per_s * seconds(workload.ttl) + plan.entries_per_record;
  plan_memory(workload, plan);
  plan_start(workload, machine, plan);
  plan_disk(workload, plan);
  check_window(workload, plan);
  check_machine(workload, machine, plan);
  return plan;
}

}  // namespace firstseen::plan
