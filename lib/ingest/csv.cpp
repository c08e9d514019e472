#include "ingest/csv.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <set>

namespace firstseen::ingest {
namespace {

/// `text` is UTF-8.
void append_json_string(std::string& out, std::string_view text) {
  constexpr auto first_printable = static_cast<unsigned char>(' ');
  out += '"';
  for (const char byte : text) {
    if (byte == '"' || byte == '\\') {
      out += '\\';
      out += byte;
    } else if (static_cast<unsigned char>(byte) < first_printable) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(byte));
    } else {
      out += byte;
    }
  }
  out += '"';
}

bool is_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

}  // namespace

tl::unexpected<Error> CsvReader::fault(const std::string& what) const {
  return fail(Exit::bad_data, fmt::format("{}:{}: {}", rows_.name(), rows_.line(), what));
}

Result<void> CsvReader::read_header() {
  auto found = rows_.next(fields_);
  if (!found) return forward(found.error());
  if (!*found) return fault("the file is empty; a header row was expected");
  std::set<std::string> seen;
  for (const std::string& name : fields_) {
    if (!is_utf8(name)) return fault("the header is not UTF-8: convert the file, for example with iconv");
    if (name.empty()) return fault(fmt::format("column {} of the header has no name", seen.size() + 1));
    if (!seen.insert(name).second) return fault(fmt::format("the header names '{}' twice", name));
    append_json_string(names_.emplace_back(), name);
    names_.back() += ':';
  }
  return {};
}

Result<bool> CsvReader::next(Record& record) {
  if (names_.empty()) {
    if (auto read = read_header(); !read) return forward(read.error());
  }
  auto found = rows_.next(fields_);
  if (!found || !*found) return found;
  if (fields_.size() != names_.size()) {
    return fault(fmt::format("this row has {} fields, the header has {}", fields_.size(), names_.size()));
  }
  object_ = "{";
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (!is_utf8(fields_[i])) {
      return fault(fmt::format("field {} is not UTF-8: convert the file, for example with iconv", i + 1));
    }
    if (i != 0) object_ += ',';
    object_ += names_[i];
    append_json_string(object_, fields_[i]);
  }
  object_ += '}';
  record = {object_, ++records_, rows_.line()};
  return true;
}

}  // namespace firstseen::ingest
