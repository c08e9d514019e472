#include "output.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/one_line.h"

namespace firstseen {
namespace {

bool is_number(std::string_view cell) {
  return !cell.empty() && cell.find_first_not_of("0123456789.,-%") == std::string_view::npos;
}

std::vector<std::size_t> column_widths(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths(rows.front().size(), 0);
  for (const auto& row : rows) {
    for (std::size_t column = 0; column < widths.size(); ++column) {
      widths[column] = std::max(widths[column], row[column].size());
    }
  }
  return widths;
}

}  // namespace

void Table::row(std::vector<std::string> cells) {
  for (std::string& cell : cells) cell = on_one_line(cell);
  rows_.push_back(std::move(cells));
}

std::string Table::text() const {
  const auto widths = column_widths(rows_);
  std::string text;
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t column = 0; column < widths.size(); ++column) {
      const bool last = column + 1 == widths.size();
      const std::string& cell = row[column];
      line += is_number(cell) ? fmt::format("{:>{}}", cell, widths[column])
                              : fmt::format("{:<{}}", cell, last ? 0 : widths[column]);
      if (!last) line += "  ";
    }
    line.erase(line.find_last_not_of(' ') + 1);  // of empty cells at the end
    text += line + "\n";
  }
  return text;
}

std::string format_fields(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::size_t width = 0;
  for (const auto& [name, value] : fields) width = std::max(width, name.size());
  std::string text;
  for (const auto& [name, value] : fields) text += fmt::format("{:<{}}  {}\n", name, width, value);
  return text;
}

std::string format_count(std::uint64_t count) {
  std::string digits = std::to_string(count);
  for (std::size_t place = digits.size(); place > 3;) {
    place -= 3;
    digits.insert(place, ",");
  }
  return digits;
}

std::string format_counted(std::uint64_t count, std::string_view one, std::string_view many) {
  if (count == 1) return fmt::format("1 {}", one);
  return many.empty() ? fmt::format("{} {}s", format_count(count), one)
                      : fmt::format("{} {}", format_count(count), many);
}

std::string to_text(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

Exit print(std::string_view text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  if (written) return Exit::ok;
  return report({.action = Action::stop, .exit = Exit::io, .message = "cannot write to stdout"});
}

void warn(std::string_view text) {
  const std::string line = fmt::format("firstseen: {}\n", text);
  std::fwrite(line.data(), 1, line.size(), stderr);  // nobody could be told that this failed
}

Exit report(const Error& error) {
  warn(error.message);
  return error.exit;
}

}  // namespace firstseen
