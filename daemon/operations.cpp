#include "operations.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>
#include <vector>

#include "base/units.h"
#include "exec/command_result.h"
#include "exec/forget.h"
#include "idempotency/record_state.h"
#include "output.h"

namespace firstseen {
namespace {

namespace fs = std::filesystem;
using idempotency::Key;
using idempotency::Record;
using idempotency::ResultStore;
using idempotency::Seen;

fs::path variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): before any thread
  return value == nullptr ? "" : value;
}

Result<std::unique_ptr<ResultStore>> open_existing(const fs::path& directory) {
  return idempotency::open_lmdb_store({.directory = directory, .must_exist = true});
}

/// The record of a key as it stands now, if it has one.
Result<Seen> look(ResultStore& store, const Key& key) {
  auto record = store.peek(key);
  if (!record) return forward(record.error());
  return look_again(store, std::move(*record), SystemClock());
}

/// What state it is in for somebody who would start it now.
std::string state_of(const Seen& seen) {
  return seen.abandoned ? "abandoned" : std::string(name_of(seen.record->status));
}

std::string outcome_of(const Record& record) {
  if (!record.outcome) return "-";
  const auto& [kind, value, code, message] = *record.outcome;
  return message.empty() ? std::string(name_of(kind)) : fmt::format("{} ({})", name_of(kind), message);
}

/// A command's words, which are kept with a NUL behind each.
std::string words_of(std::string payload) {
  if (!payload.empty() && payload.back() == '\0') payload.pop_back();
  std::ranges::replace(payload, '\0', ' ');
  return payload;
}

Json time_json(std::int64_t ms) { return ms < 0 || ms == idempotency::never_ms ? Json() : Json(ms); }

std::string expiry_of(const Record& record) {
  return record.expires_at_ms == idempotency::never_ms ? "never" : format_time(record.expires_at_ms);
}

Json to_json(const Seen& seen) {
  const Record& record = *seen.record;
  Json json{{"key", record.key.text()},
            {"state", state_of(seen)},
            {"created_ms", record.created_at_ms},
            {"completed_ms", time_json(record.completed_at_ms)},
            {"expires_ms", time_json(record.expires_at_ms)},
            {"lease_until_ms", time_json(record.lease_until_ms)},
            {"attempts", record.attempts},
            {"token", record.token},
            {"accesses", record.access_count}};
  if (record.outcome) {
    json["outcome"] = {{"kind", name_of(record.outcome->kind)},
                       {"code", record.outcome->code},
                       {"message", record.outcome->message},
                       {"value_bytes", record.outcome->value.size()}};
    if (const auto command = exec::decode_result(record.outcome->value)) {
      json["exit_status"] = exec::exit_status(*command);
      json["stdout"] = command->out.kept;
      json["stdout_bytes"] = command->out.total_bytes;
      json["stderr"] = command->err.kept;
      json["stderr_bytes"] = command->err.total_bytes;
    }
  }
  return json;
}

std::string to_table(const Seen& seen, const std::string& payload) {
  const Record& record = *seen.record;
  std::vector<std::pair<std::string, std::string>> fields{{"key", record.key.text()},
                                                          {"state", state_of(seen)},
                                                          {"outcome", outcome_of(record)},
                                                          {"begun", format_time(record.created_at_ms)},
                                                          {"ended", format_time(record.completed_at_ms)},
                                                          {"expires", expiry_of(record)},
                                                          {"attempts", format_count(record.attempts)},
                                                          {"accesses", format_count(record.access_count)}};
  if (!payload.empty()) fields.emplace_back("command", words_of(payload));
  const auto command = record.outcome ? exec::decode_result(record.outcome->value) : std::nullopt;
  if (command) {
    fields.emplace_back("exit status", std::to_string(exec::exit_status(*command)));
    for (const auto& [name, stream] : {std::pair{"stdout", &command->out}, std::pair{"stderr", &command->err}}) {
      fields.emplace_back(
          name, fmt::format("{} bytes, {} kept", format_count(stream->total_bytes), format_count(stream->kept.size())));
    }
  }
  return format_fields(fields);
}

}  // namespace

Result<fs::path> default_operations_directory() {
  const fs::path below = "firstseen/operations";
  if (const fs::path state = variable("XDG_STATE_HOME"); state.is_absolute()) return state / below;
  if (::geteuid() == 0) return "/var/lib" / below;
  if (const fs::path home = variable("HOME"); home.is_absolute()) return home / ".local/state" / below;
  return fail(Exit::usage, "there is neither HOME nor XDG_STATE_HOME to keep records in: use --store DIR");
}

Result<fs::path> operations_directory(const std::string& given) {
  if (!given.empty()) return fs::path(given);
  auto directory = default_operations_directory();
  if (!directory) return directory;
  std::error_code error;
  fs::create_directories(directory->parent_path(), error);
  if (!error) return directory;
  return fail(Exit::io, fmt::format("cannot make the directory {}: {}; use --store DIR",
                                    directory->parent_path().string(), error.message()));
}

Exit show_operation_stats(const fs::path& directory, bool as_json) {
  const auto store = open_existing(directory);
  if (!store) return report(store.error());
  const auto stats = (*store)->stats();
  if (!stats) return report(stats.error());
  if (as_json) {
    return print(to_text({{"kind", "operations"},
                          {"total", stats->total},
                          {"expired", stats->expired},
                          {"in_progress", stats->in_progress},
                          {"abandoned", stats->abandoned},
                          {"completed", stats->completed},
                          {"failed", stats->failed},
                          {"hits", stats->hits},
                          {"misses", stats->misses},
                          {"hit_rate", stats->hit_rate()},
                          {"mean_ttl_ms", stats->mean_ttl.count()},
                          {"file_bytes", stats->file_bytes}}));
  }
  return print(format_fields({{"store", "operations, " + directory.string()},
                              {"records", format_count(stats->total)},
                              {"in progress", format_count(stats->in_progress)},
                              {"of them abandoned", format_count(stats->abandoned)},
                              {"completed", format_count(stats->completed)},
                              {"failed", format_count(stats->failed)},
                              {"expired, not swept", format_count(stats->expired)},
                              {"lookups", format_count(stats->hits + stats->misses)},
                              {"hit rate", fmt::format("{:.1f}%", stats->hit_rate() * 100)},
                              {"mean time left", format_duration(stats->mean_ttl)},
                              {"file", format_size(stats->file_bytes)}}));
}

Exit look_up_operation(const fs::path& directory, const std::string& text, bool as_json) {
  const auto key = Key::make(text);
  if (!key) return report(key.error());
  const auto store = open_existing(directory);
  if (!store) return report(store.error());
  const auto seen = look(**store, *key);
  if (!seen) return report(seen.error());
  const auto payload = (*store)->payload(*key);
  if (!payload) return report(payload.error());
  if (!as_json) {
    return print(seen->record ? to_table(*seen, payload->value_or("")) : std::string(exec::unknown_operation) + "\n");
  }
  if (!seen->record) return print(to_text(Json()));
  Json json = to_json(*seen);
  if (*payload) json["command"] = words_of(**payload);
  return print(to_text(json));
}

Result<Forgotten> forget_operation(const fs::path& directory, const std::string& text) {
  const auto key = Key::make(text);
  if (!key) return forward(key.error());
  const auto store = open_existing(directory);
  if (!store) return forward(store.error());
  return exec::forget(**store, *key, SystemClock());
}

Exit list_operations(const fs::path& directory, const std::string& prefix, bool as_json) {
  const auto store = open_existing(directory);
  if (!store) return report(store.error());
  std::vector<Key> keys;
  const auto visited = (*store)->for_each([&](const Record& record) {
    if (record.key.text().starts_with(prefix)) keys.push_back(record.key);
    return true;
  });
  if (!visited) return report(visited.error());
  Json list = Json::array();
  Table table({"key", "state", "outcome", "begun", "ended", "expires", "accesses"});
  for (const Key& key : keys) {
    const auto seen = look(**store, key);
    if (!seen) return report(seen.error());
    if (!seen->record) continue;  // forgotten since, or expired
    const Record& record = *seen->record;
    if (as_json) {
      list.push_back(to_json(*seen));
    } else {
      table.row({key.text(), state_of(*seen), outcome_of(record), format_time(record.created_at_ms),
                 format_time(record.completed_at_ms), expiry_of(record), std::to_string(record.access_count)});
    }
  }
  return print(as_json ? to_text(list) : table.text());
}

}  // namespace firstseen
