#include "ledgers.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/units.h"
#include "ingest/ledger.h"
#include "ingest/ledger_inspect.h"
#include "ingest_command/report.h"
#include "output.h"

namespace firstseen {
namespace {

namespace fs = std::filesystem;
using ingest::FileRecord;
using ingest::FileStatus;
using ingest::Ledger;

constexpr const char* unknown_file = "no record: no run has met this file";

/// As `ingest` names it.
std::string path_of(const std::string& text) { return fs::absolute(text).lexically_normal().string(); }

struct Counts {
  std::array<std::uint64_t, ingest::file_status_names.size()> files{};
  std::uint64_t aliases = 0;
  std::uint64_t records = 0;
  std::uint64_t duplicates = 0;

  [[nodiscard]] std::uint64_t of(FileStatus status) const { return files.at(static_cast<std::size_t>(status)); }
};

/// An alias' records are those of the file that it is an alias of.
Counts count(const std::vector<FileRecord>& files) {
  Counts counts;
  for (const FileRecord& file : files) {
    ++counts.files.at(static_cast<std::size_t>(file.status));
    if (!file.alias_of.empty()) {
      ++counts.aliases;
    } else {
      counts.records += file.records;
      counts.duplicates += file.duplicates;
    }
  }
  return counts;
}

}  // namespace

Exit show_ledger_stats(const fs::path& directory, bool as_json) {
  const auto facts = ingest::ledger_facts(directory);
  if (!facts) return report(facts.error());
  const auto files = ingest::ledger_files(directory);
  if (!files) return report(files.error());
  const Counts counts = count(*files);
  const std::string target = facts->target.empty() ? "-" : facts->target;
  if (as_json) {
    return print(to_text({{"kind", "ledger"},
                          {"id", facts->id},
                          {"target", facts->target.empty() ? Json() : Json(facts->target)},
                          {"files", files->size()},
                          {"success", counts.of(FileStatus::success)},
                          {"failed", counts.of(FileStatus::failed)},
                          {"processing", counts.of(FileStatus::processing)},
                          {"pending", counts.of(FileStatus::pending)},
                          {"aliases", counts.aliases},
                          {"records", counts.records},
                          {"duplicates", counts.duplicates},
                          {"undecided_batches", facts->undecided},
                          {"output_bytes", facts->output_length ? Json(*facts->output_length) : Json()},
                          {"file_bytes", facts->file_bytes}}));
  }
  return print(format_fields({{"store", "ledger, " + directory.string()},
                              {"target", target},
                              {"files", format_count(files->size())},
                              {"success", format_count(counts.of(FileStatus::success))},
                              {"failed", format_count(counts.of(FileStatus::failed))},
                              {"processing", format_count(counts.of(FileStatus::processing))},
                              {"pending", format_count(counts.of(FileStatus::pending))},
                              {"same as another", format_count(counts.aliases)},
                              {"records", format_count(counts.records)},
                              {"duplicates", format_count(counts.duplicates)},
                              {"undecided batches", format_count(facts->undecided)},
                              {"output", facts->output_length ? format_size(*facts->output_length) : "-"},
                              {"file", format_size(facts->file_bytes)}}));
}

Exit look_up_file(const fs::path& directory, const std::string& path, bool as_json) {
  const auto known = ingest::ledger_file(directory, path);
  if (!known) return report(known.error());
  const std::optional<FileRecord>& found = *known;
  if (!found) return print(as_json ? to_text(Json()) : unknown_file + std::string("\n"));
  if (as_json) return print(to_text(ingest_command::status_json({*found})[0]));
  return print(format_fields({{"file", found->path},
                              {"status", std::string(ingest::name_of(found->status))},
                              {"sha256", found->sha256.empty() ? "-" : found->sha256},
                              {"size", format_size(found->bytes)},
                              {"records", format_count(found->records)},
                              {"duplicates", format_count(found->duplicates)},
                              {"attempts", format_count(found->attempts)},
                              {"version", format_count(found->version)},
                              {"found", format_time(found->found_ms)},
                              {"started", format_time(found->started_ms)},
                              {"finished", format_time(found->finished_ms)},
                              {"same content as", found->alias_of.empty() ? "-" : found->alias_of},
                              {"error", found->error.empty() ? "-" : found->error}}));
}

Result<Forgotten> forget_file(const fs::path& directory, const std::string& path) {
  const SystemClock clock;
  const auto ledger = Ledger::open(directory, clock);
  if (!ledger) return forward(ledger.error());
  const auto known = (*ledger)->forget(path_of(path));
  if (!known) return forward(known.error());
  if (!*known) return Forgotten{.known = false, .text = unknown_file};
  std::string text = "forgotten: the next run ingests this content again, from its first record on";
  std::error_code ignored;
  if (fs::exists(directory / "keys", ignored)) text += "; records whose keys are still known are left out then";
  return Forgotten{.known = true, .text = std::move(text)};
}

Exit list_files(const fs::path& directory, const std::string& prefix, bool as_json) {
  auto files = ingest::ledger_files(directory);
  if (!files) return report(files.error());
  std::erase_if(*files, [&](const FileRecord& file) { return !file.path.starts_with(prefix); });
  return print(as_json ? to_text(ingest_command::status_json(*files)) : ingest_command::status_text(*files));
}

}  // namespace firstseen
