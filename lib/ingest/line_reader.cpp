#include "ingest/line_reader.h"

#include <cstring>

namespace firstseen::ingest {
namespace {

bool is_blank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

/// Where the first line feed is, from `from` on.
std::size_t find_feed(std::string_view text, std::size_t from) {
  const void* found = std::memchr(text.data() + from, '\n', text.size() - from);
  return found == nullptr ? std::string_view::npos
                          : static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

}  // namespace

/// The length of the first unread line without its line feed; false when there is no line any more.
Result<bool> LineReader::find_end(std::size_t& length) {
  std::size_t searched = 0;
  while (true) {
    const std::string_view text = input_.unread();
    if (const std::size_t at = text.empty() ? std::string_view::npos : find_feed(text, searched);
        at != std::string_view::npos) {
      length = at;
      return true;
    }
    searched = text.size();
    auto more = input_.fill();
    if (!more) return more;
    if (*more) continue;
    length = searched;
    return searched != 0;
  }
}

Result<bool> LineReader::next(Record& record) {
  while (true) {
    std::size_t length = 0;
    auto found = find_end(length);
    if (!found || !*found) return found;
    const std::string_view text = input_.unread();
    std::string_view line = text.substr(0, length);
    input_.consume(length == text.size() ? length : length + 1);  // the bytes stay until the next fill()
    ++lines_;
    if (returns_ == CarriageReturns::strip && line.ends_with('\r')) line.remove_suffix(1);
    if (blank_ == BlankLines::skip && is_blank(line)) continue;
    record = {line, ++records_, lines_};
    return true;
  }
}

bool LineReader::would_wait() const {
  const std::string_view text = input_.unread();
  return (text.empty() || find_feed(text, 0) == std::string_view::npos) && input_.would_wait();
}

}  // namespace firstseen::ingest
