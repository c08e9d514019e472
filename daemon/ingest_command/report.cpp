#include "ingest_command/report.h"

#include <array>
#include <string_view>

#include "store/covered_window.h"
#include "store_layout.h"
#include "window_watch.h"

namespace firstseen::ingest_command {
namespace {

std::string_view name_of(ingest::FileOutcome::Kind kind) {
  constexpr std::array<std::string_view, 3> names{"processed", "skipped", "failed"};
  return names.at(static_cast<std::size_t>(kind));
}

/// What a person needs beside the path.
std::string note_of(const ingest::FileRecord& file) {
  if (!file.error.empty()) return file.error;
  if (!file.alias_of.empty()) return "same content as " + file.alias_of;
  return file.version > 1 ? "version " + std::to_string(file.version) : "";
}

}  // namespace

std::string summary_text(const ingest::IngestSummary& summary) {
  Table table({"files", "count", "records", "duplicates"});
  table.row({"processed", format_count(summary.processed), format_count(summary.records - summary.failed_records),
             format_count(summary.duplicates - summary.failed_duplicates)});
  table.row({"skipped", format_count(summary.skipped), "0", "0"});
  table.row({"failed", format_count(summary.failed), format_count(summary.failed_records),
             format_count(summary.failed_duplicates)});
  return table.text();
}

Json summary_json(const ingest::IngestSummary& summary, const std::vector<ingest::FileOutcome>& outcomes,
                  const std::optional<Millis>& effective_window) {
  Json files = Json::array();
  for (const ingest::FileOutcome& outcome : outcomes) {
    files.push_back({{"path", outcome.path},
                     {"outcome", name_of(outcome.kind)},
                     {"records", outcome.records},
                     {"duplicates", outcome.duplicates},
                     {"detail", outcome.detail}});
  }
  return {{"processed", summary.processed},
          {"skipped", summary.skipped},
          {"failed", summary.failed},
          {"records", summary.records},
          {"duplicates", summary.duplicates},
          {"failed_records", summary.failed_records},
          {"failed_duplicates", summary.failed_duplicates},
          {"effective_window_ms", effective_window ? Json(effective_window->count()) : Json()},
          {"files", std::move(files)}};
}

std::optional<Millis> effective_window(const ingest::IngestOptions& options, const Clock& clock) {
  if (!options.keys) return std::nullopt;
  const auto covered = store::covered_window(slot_directory(options.ledger / "keys"), clock.wall_ms());
  if (!covered) {
    warn("how far back keys are known cannot be told: " + covered.error().message);
    return std::nullopt;
  }
  WindowWatch(options.keys->ttl, "records", "lower --ttl").saw(*covered);
  return *covered;
}

std::string status_text(const std::vector<ingest::FileRecord>& files) {
  Table table({"status", "records", "attempts", "finished", "file", "note"});
  for (const ingest::FileRecord& file : files) {
    table.row({std::string(ingest::name_of(file.status)), format_count(file.records), format_count(file.attempts),
               format_time(file.finished_ms), file.path, note_of(file)});
  }
  return table.text();
}

Json status_json(const std::vector<ingest::FileRecord>& files) {
  Json list = Json::array();
  for (const ingest::FileRecord& file : files) {
    list.push_back({{"path", file.path},
                    {"status", ingest::name_of(file.status)},
                    {"sha256", file.sha256},
                    {"bytes", file.bytes},
                    {"records", file.records},
                    {"duplicates", file.duplicates},
                    {"attempts", file.attempts},
                    {"version", file.version},
                    {"alias_of", file.alias_of},
                    {"error", file.error},
                    {"found_ms", file.found_ms},
                    {"started_ms", file.started_ms},
                    {"finished_ms", file.finished_ms}});
  }
  return list;
}

}  // namespace firstseen::ingest_command
