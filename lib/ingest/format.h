#pragma once

#include <array>
#include <filesystem>
#include <string_view>

#include "base/error.h"

namespace firstseen::ingest {

enum class Format {
  automatic,   ///< by the file's name: see format_of()
  json_lines,  ///< one JSON value per line; blank lines are left out
  json_array,  ///< one JSON array; each element is a record
  csv,         ///< RFC 4180 with a header row; each further row becomes a JSON object of texts
  lines,       ///< each line as it is, without its end (LF or CR LF)
};

inline constexpr std::array<std::string_view, 5> format_names{"auto", "jsonl", "json", "csv", "lines"};
inline std::string_view format_name(Format format) { return format_names.at(static_cast<std::size_t>(format)); }

/// auto, jsonl, json, csv or lines; Exit::usage for another word.
Result<Format> parse_format(std::string_view text);

/// What a file's name says, after a .gz or .zst: .jsonl .ndjson, .json, .csv, .txt .log. Exit::usage for any other.
Result<Format> format_of(const std::filesystem::path& file);

}  // namespace firstseen::ingest
