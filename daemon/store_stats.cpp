#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/units.h"
#include "control/client.h"
#include "entry_time.h"
#include "ingest/kept_payloads.h"
#include "key_bytes.h"
#include "ledgers.h"
#include "operations.h"
#include "output.h"
#include "store/inspect.h"
#include "store_commands.h"
#include "store_kind.h"
#include "store_layout.h"
#include "target.h"

namespace firstseen {
namespace {

/// A daemon that is busy or stands still must not keep the facts of the file back.
constexpr Millis answer_limit{1'000};

const char* name_of(store::Durability durability) {
  return durability == store::Durability::power_loss ? "power_loss" : "process_crash";
}

Json partitions_json(const store::Inspection& facts) {
  Json partitions = Json::array();
  for (const auto& [tp, state] : facts.partitions) {
    partitions.push_back({{"topic", tp.topic},
                          {"partition", tp.partition},
                          {"next_offset", state.next_offset},
                          {"stream_time_ms", state.stream_time_ms},
                          {"covered_from_ms", state.covered_from_ms}});
  }
  return partitions;
}

/// What was kept beside the keys; nothing: never anything.
Result<std::optional<std::uint64_t>> kept_payloads(const FoundStore& found) {
  auto reader = ingest::PayloadReader::open(found.directory);
  if (!reader) return forward(reader.error());
  if (!*reader) return std::optional<std::uint64_t>();
  const auto count = (*reader)->count();
  if (!count) return forward(count.error());
  return std::optional(*count);
}

/// Of a store with rules: a log each, with the rules of one ttl.
Json logs_json(const store::Stats& stats) {
  Json logs = Json::array();
  for (const store::LogStats& log : stats.logs) {
    logs.push_back({{"rules", log.windows},
                    {"ttl_ms", log.ttl.count()},
                    {"live_entries", log.live_entries},
                    {"live_records", log.live_records},
                    {"oldest_time_ms", log.oldest_time_ms},
                    {"newest_time_ms", log.newest_time_ms},
                    {"swept_before_ms", log.swept_before_ms},
                    {"removed_before_ms", log.removed_before_ms},
                    {"evicted_before_ms", log.evicted_before_ms}});
  }
  return logs;
}

/// Bytes of the index as the daemon that holds the store tells them; nothing: none answers at once.
std::optional<std::uint64_t> asked_of_daemon(const FoundStore& found) {
  if (found.kind != StoreKind::seen) return std::nullopt;
  const auto status = control::ask(control_socket(found.directory), {{"command", "status"}}, answer_limit);
  return status ? index_bytes_of(*status) : std::nullopt;
}

std::string logs_table(const store::Stats& stats) {
  if (stats.logs.empty()) return {};
  Table table(
      {"window", "rules", "live entries", "entries from", "to", "swept before", "removed before", "evicted before"});
  for (const store::LogStats& log : stats.logs) {
    table.row({format_duration(log.ttl), fmt::format("{}", fmt::join(log.windows, " ")), format_count(log.live_entries),
               entry_time(log.oldest_time_ms), entry_time(log.newest_time_ms), format_time(log.swept_before_ms),
               format_time(log.removed_before_ms), format_time(log.evicted_before_ms)});
  }
  return "\n" + table.text();
}

Json to_json(const FoundStore& found, const store::Inspection& facts) {
  const store::Stats& stats = facts.stats;
  return {{"kind", name_of(found.kind)},
          {"id", facts.id},
          {"format", facts.format},
          {"durability", name_of(facts.durability)},
          {"ttl_ms", facts.ttl.count()},
          {"created_ms", facts.created_ms},
          {"live_entries", stats.live_entries},
          {"live_records", stats.live_records},
          {"used_bytes", stats.used_bytes},
          {"file_bytes", stats.file_bytes},
          {"max_size_bytes", stats.max_size_bytes},
          {"oldest_time_ms", stats.oldest_time_ms},
          {"newest_time_ms", stats.newest_time_ms},
          {"swept_before_ms", stats.swept_before_ms},
          {"removed_before_ms", stats.removed_before_ms},
          {"evicted_before_ms", stats.evicted_before_ms},
          {"windows", logs_json(stats)},
          {"undecided_batch", facts.undecided ? Json(facts.undecided->id.sequence) : Json()},
          {"pins", facts.pins},
          {"notes", facts.notes},
          {"partitions", partitions_json(facts)}};
}

std::string to_table(const store::Inspection& facts, const KeyBytes& bytes) {
  const store::Stats& stats = facts.stats;
  std::vector<std::pair<std::string, std::string>> fields{
      {"store", fmt::format("{}, format {}, created {}", facts.id, facts.format, format_time(facts.created_ms))},
      {"durability", name_of(facts.durability)},
      {"window", format_duration(facts.ttl)},
      {"live entries", format_count(stats.live_entries)},
      {"live records", format_count(stats.live_records)},
      {"size", fmt::format("{} in use, file {}, at most {}", format_size(stats.used_bytes),
                           format_size(stats.file_bytes), format_size(stats.max_size_bytes))},
      {"entries from", fmt::format("{} to {}", entry_time(stats.oldest_time_ms), entry_time(stats.newest_time_ms))},
      {"swept before", format_time(stats.swept_before_ms)},
      {"removed before", format_time(stats.removed_before_ms)},
      {"evicted before", format_time(stats.evicted_before_ms)},
      {"undecided batch", facts.undecided ? std::to_string(facts.undecided->id.sequence) : "-"}};
  add_key_bytes(bytes, fields);
  for (const auto& [name, value] : facts.pins) fields.emplace_back("belongs to " + name, value);
  for (const auto& [name, value] : facts.notes) fields.emplace_back("note " + name, value);
  Table partitions({"partition", "next offset", "stream time", "covered from"});
  for (const auto& [tp, state] : facts.partitions) {
    partitions.row({to_string(tp), std::to_string(state.next_offset), format_time(state.stream_time_ms),
                    format_time(state.covered_from_ms)});
  }
  return format_fields(fields) + logs_table(stats) + "\n" + partitions.text();
}

Exit show_stats(const Target& target, bool as_json) {
  const auto found = find_store(target);
  if (!found) return report(found.error());
  if (found->kind == StoreKind::operations) return show_operation_stats(found->directory, as_json);
  if (found->kind == StoreKind::ledger) return show_ledger_stats(found->directory, as_json);
  const auto facts = store::inspect(slot_directory(found->directory));
  if (!facts) return report(facts.error());
  const auto payloads = kept_payloads(*found);
  if (!payloads) return report(payloads.error());
  const KeyBytes bytes = key_bytes(*facts, asked_of_daemon(*found));
  if (as_json) {
    Json json = to_json(*found, *facts);
    add_key_bytes(bytes, json);
    if (*payloads) json["kept_payloads"] = **payloads;
    return print(to_text(json));
  }
  const std::string kept = *payloads ? fmt::format("\nkept payloads  {}\n", format_count(**payloads)) : "";
  return print(to_table(*facts, bytes) + kept);
}

}  // namespace

void add_store_stats(CLI::App& store, Chosen& chosen) {
  auto* command = store.add_subcommand("stats", "Print what a store of any command holds, also while it is in use");
  const auto target = std::make_shared<Target>();
  const auto as_json = std::make_shared<bool>(false);
  add_any_target(*command, target);
  command->add_flag("--json", *as_json, "Print JSON");
  command->footer(
      "Of a store of keys also what each live key takes: bytes in use, of the file, of the index in memory. For the\n"
      "last the running daemon is asked; without one it is that of the index that a clean stop has saved, and without\n"
      "either a bound: at most so much ('index_bytes_from' with --json: daemon, saved, bound).");
  command->callback([&chosen, target, as_json] { chosen = [=] { return show_stats(*target, *as_json); }; });
}

}  // namespace firstseen
