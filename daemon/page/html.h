#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace firstseen::page {

/// The text with what HTML takes for markup spelt out, in elements and in quoted attributes; bytes that are not UTF-8
/// and control characters become U+FFFD.
std::string escape(std::string_view text);

/// A table with a head. Cells are texts, not markup; from the second column on they are numbers, set to the right.
class HtmlTable {
 public:
  explicit HtmlTable(const std::vector<std::string>& head);
  void row(const std::vector<std::string>& cells);
  [[nodiscard]] std::string html() const;

 private:
  std::string html_;
};

/// The whole document around a body. The browser loads it again every so many seconds; 0: never.
std::string document(std::string_view title, std::string_view body, int refresh_s);

}  // namespace firstseen::page
