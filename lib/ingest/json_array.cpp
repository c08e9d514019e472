#include "ingest/json_array.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

namespace firstseen::ingest {
namespace {

/// No byte is it: a NUL is one like others.
constexpr int end_of_input = -1;

/// Finds the end of a JSON value without understanding more than strings and brackets; JsonCheck does the rest.
class Extent {
 public:
  /// Takes the next byte; true when the value ended before this byte.
  bool ends_before(char byte) const {
    return depth_ == 0 && !in_string_ && any_ &&
           (closed_ || byte == ',' || byte == ']' || byte == '}' || byte == ' ' || byte == '\n' || byte == '\r' ||
            byte == '\t');
  }
  void take(char byte) {
    any_ = true;
    if (in_string_) {
      in_string_ = escaped_ || byte != '"';
      escaped_ = !escaped_ && byte == '\\';
      closed_ = !in_string_ && depth_ == 0;
    } else if (byte == '"') {
      in_string_ = true;
    } else if (byte == '{' || byte == '[') {
      ++depth_;
    } else if ((byte == '}' || byte == ']') && depth_ != 0) {
      closed_ = --depth_ == 0;
    }
  }

 private:
  std::uint64_t depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
  bool any_ = false;
  bool closed_ = false;
};

}  // namespace

tl::unexpected<Error> JsonArrayReader::fault(const std::string& what) const {
  return fail(Exit::bad_data, fmt::format("{}:{}: {}", input_.name(), line_, what));
}

void JsonArrayReader::advance(std::size_t bytes) {
  const std::string_view text = input_.unread().substr(0, bytes);
  line_ += static_cast<std::uint64_t>(std::ranges::count(text, '\n'));
  input_.consume(bytes);
}

/// The next byte that is not white space, which stays unread; end_of_input at the end.
Result<int> JsonArrayReader::peek() {
  while (true) {
    const std::string_view text = input_.unread();
    const std::size_t at = std::min(text.find_first_not_of(" \t\r\n"), text.size());
    advance(at);
    if (at < text.size()) return static_cast<unsigned char>(text[at]);
    const auto more = input_.fill();
    if (!more) return forward(more.error());
    if (!*more) return end_of_input;
  }
}

Result<bool> JsonArrayReader::next(Record& record) {
  if (state_ == State::after) return end_of_array();
  if (state_ == State::before) {
    const auto byte = peek();
    if (!byte) return forward(byte.error());
    if (*byte == end_of_input) return fault("the file is empty; a JSON array was expected");
    if (*byte != '[')
      return fault("this is no JSON array: it does not begin with '['; use --format jsonl for JSON Lines");
    advance(1);
    state_ = State::first;
  }
  auto byte = peek();
  if (!byte) return forward(byte.error());
  if (*byte == ']') {
    advance(1);
    state_ = State::after;
    return end_of_array();
  }
  if (state_ == State::between) {
    if (*byte == end_of_input) return fault(fmt::format("the JSON array is cut off after element {}", records_));
    if (*byte != ',') return fault(fmt::format("a comma or ']' was expected after element {}", records_));
    advance(1);
    byte = peek();
    if (!byte) return forward(byte.error());
  }
  if (*byte == end_of_input) return fault(fmt::format("the JSON array is cut off after element {}", records_));
  if (*byte == ',' || *byte == ']' || *byte == '}') {
    return fault(fmt::format("a value was expected as element {}, not '{:c}'", records_ + 1, *byte));
  }
  return element(record);
}

/// Reads until all of the element is unread; its length.
Result<std::size_t> JsonArrayReader::measure_element() {
  Extent extent;
  std::size_t length = 0;
  while (true) {
    const std::string_view text = input_.unread();
    while (length < text.size()) {
      if (extent.ends_before(text[length])) return length;
      extent.take(text[length]);
      ++length;
    }
    const auto more = input_.fill();
    if (!more) return forward(more.error());
    if (!*more) return fault(fmt::format("the JSON array is cut off in element {}", records_ + 1));
  }
}

Result<bool> JsonArrayReader::element(Record& record) {
  const auto length = measure_element();
  if (!length) return forward(length.error());
  std::string_view text = input_.unread().substr(0, *length);
  if (const auto wrong = check_.fault_of(text)) {
    return fault(fmt::format("element {} is not JSON: {}", records_ + 1, *wrong));
  }
  const std::uint64_t line = line_;
  advance(*length);
  if (text.find('\n') != std::string_view::npos || text.find('\r') != std::string_view::npos) {
    one_line_.resize(text.size() + simdjson::SIMDJSON_PADDING);
    std::size_t size = 0;
    if (simdjson::minify(text.data(), text.size(), one_line_.data(), size) != simdjson::SUCCESS) {
      return fault(fmt::format("element {} cannot be written on one line", records_ + 1));
    }
    text = {one_line_.data(), size};
  }
  state_ = State::between;
  record = {text, ++records_, line};
  return true;
}

/// False when nothing follows the array.
Result<bool> JsonArrayReader::end_of_array() {
  const auto byte = peek();
  if (!byte) return forward(byte.error());
  if (*byte == end_of_input) return false;
  return fault("something follows the JSON array; use --format jsonl where each line is an array of its own");
}

}  // namespace firstseen::ingest
