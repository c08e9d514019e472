#include "key_bytes.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "plan/figures.h"

namespace firstseen {
namespace {

/// Each log has an index of its own.
std::uint64_t most_index_bytes(const store::Stats& stats) {
  namespace bound = plan::bound;
  const auto of_log = [](std::uint64_t entries) {
    const auto keys = static_cast<double>(entries);
    return keys * bound::index_bytes_per_key + (keys < bound::large_index ? bound::small_index_bytes : 0);
  };
  double bytes = stats.logs.empty() ? of_log(stats.live_entries) : 0;
  for (const store::LogStats& log : stats.logs) bytes += of_log(log.live_entries);
  return static_cast<std::uint64_t>(std::ceil(bytes));
}

const char* name_of(IndexSource source) {
  switch (source) {
    case IndexSource::daemon:
      return "daemon";
    case IndexSource::saved:
      return "saved";
    case IndexSource::bound:
      return "bound";
  }
  return "";
}

std::string words_of(IndexSource source) {
  switch (source) {
    case IndexSource::daemon:
      return "in the running daemon";
    case IndexSource::saved:
      return "as saved at the last stop";
    case IndexSource::bound:
      return "once it is read, at rest: a bound";
  }
  return "";
}

Json rounded(std::optional<double> bytes) { return bytes ? Json(std::round(*bytes * 100) / 100) : Json(); }

}  // namespace

std::optional<double> KeyBytes::per_key(std::uint64_t bytes) const {
  if (keys == 0) return std::nullopt;
  return static_cast<double>(bytes) / static_cast<double>(keys);
}

KeyBytes key_bytes(const store::Inspection& facts, std::optional<std::uint64_t> from_daemon) {
  const store::Stats& stats = facts.stats;
  KeyBytes bytes{.keys = stats.live_entries, .used_bytes = stats.used_bytes, .file_bytes = stats.file_bytes};
  if (from_daemon) {
    bytes.index_bytes = *from_daemon;
    bytes.index_from = IndexSource::daemon;
  } else if (facts.saved_index_bytes != 0) {
    bytes.index_bytes = facts.saved_index_bytes;
    bytes.index_from = IndexSource::saved;
  } else {
    bytes.index_bytes = most_index_bytes(stats);
    bytes.index_from = IndexSource::bound;
  }
  return bytes;
}

std::optional<std::uint64_t> index_bytes_of(const Json& status) {
  const Json::json_pointer place("/store/index_bytes");
  if (!status.contains(place) || !status.at(place).is_number_unsigned()) return std::nullopt;
  const auto bytes = status.at(place).get<std::uint64_t>();
  return bytes == 0 ? std::nullopt : std::optional(bytes);
}

void add_key_bytes(const KeyBytes& bytes, Json& json) {
  json["used_bytes_per_key"] = rounded(bytes.per_key(bytes.used_bytes));
  json["file_bytes_per_key"] = rounded(bytes.per_key(bytes.file_bytes));
  json["index_bytes"] = bytes.index_bytes;
  json["index_bytes_per_key"] = rounded(bytes.per_key(bytes.index_bytes));
  json["index_bytes_from"] = name_of(bytes.index_from);
}

void add_key_bytes(const KeyBytes& bytes, std::vector<std::pair<std::string, std::string>>& fields) {
  const std::string at_most = bytes.index_from == IndexSource::bound ? "at most " : "";
  fields.emplace_back("index", fmt::format("{}{} bytes of memory, {}", at_most, format_count(bytes.index_bytes),
                                           words_of(bytes.index_from)));
  const auto used = bytes.per_key(bytes.used_bytes);
  const auto file = bytes.per_key(bytes.file_bytes);
  const auto index = bytes.per_key(bytes.index_bytes);
  if (!used || !file || !index) return;
  fields.emplace_back("disk per key", fmt::format("{:.1f} bytes in use, {:.1f} of the file", *used, *file));
  fields.emplace_back("memory per key", fmt::format("{}{:.1f} bytes", at_most, *index));
}

}  // namespace firstseen
