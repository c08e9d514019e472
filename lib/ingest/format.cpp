#include "ingest/format.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <utility>

namespace firstseen::ingest {

Result<Format> parse_format(std::string_view text) {
  const auto found = std::ranges::find(format_names, text);
  if (found != format_names.end()) return static_cast<Format>(found - format_names.begin());
  return fail(Exit::usage, fmt::format("there is no format '{}': write {}", text, fmt::join(format_names, ", ")));
}

Result<Format> format_of(const std::filesystem::path& file) {
  std::filesystem::path name = file.filename();
  if (name.extension() == ".gz" || name.extension() == ".zst") name = name.stem();
  const std::string extension = name.extension().string();
  constexpr std::array<std::pair<std::string_view, Format>, 6> known{{{".jsonl", Format::json_lines},
                                                                      {".ndjson", Format::json_lines},
                                                                      {".json", Format::json_array},
                                                                      {".csv", Format::csv},
                                                                      {".txt", Format::lines},
                                                                      {".log", Format::lines}}};
  for (const auto& [end, format] : known) {
    if (extension == end) return format;
  }
  return fail(Exit::usage, fmt::format("{}: its name does not tell the format (.jsonl .ndjson .json .csv .txt .log, "
                                       "each also with .gz or .zst): say it with --format",
                                       file.string()));
}

}  // namespace firstseen::ingest
