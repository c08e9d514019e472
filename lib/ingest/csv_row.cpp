#include "ingest/csv_row.h"

#include <fmt/format.h>

#include <string_view>

#include "base/units.h"

namespace firstseen::ingest {

tl::unexpected<Error> CsvRows::fault(const char* what) const {
  return fail(Exit::bad_data, fmt::format("{}:{}: {}", input_.name(), line_, what));
}

tl::unexpected<Error> CsvRows::too_large() const {
  return fail(Exit::bad_data, fmt::format("{}:{}: the row that begins here is larger than {}: is a quote never closed?",
                                          input_.name(), row_line_, format_size(most_row_bytes_)));
}

/// Is there an unread byte? Reads on if not.
Result<bool> CsvRows::ready() {
  if (!input_.unread().empty()) return true;
  return input_.fill();
}

Result<bool> CsvRows::skip_mark() {
  constexpr std::string_view mark = "\xef\xbb\xbf";
  while (input_.unread().size() < mark.size()) {
    const auto more = input_.fill();
    if (!more) return more;
    if (!*more) break;
  }
  if (input_.unread().starts_with(mark)) input_.consume(mark.size());
  return true;
}

Result<bool> CsvRows::next(std::vector<std::string>& fields) {
  if (!begun_) {
    begun_ = true;
    if (auto skipped = skip_mark(); !skipped) return skipped;
  }
  fields.assign(1, "");
  State state = State::field_start;
  row_line_ = line_;
  row_bytes_ = 0;
  while (true) {
    auto byte_there = ready();
    if (!byte_there) return byte_there;
    if (!*byte_there) return end_of_input(state, fields);
    const std::string_view text = input_.unread();
    for (std::size_t at = 0; at < text.size(); ++at) {
      auto row_ended = take(text[at], state, fields);
      if (!row_ended) return row_ended;
      if (!*row_ended) continue;
      const bool blank = fields.size() == 1 && fields.front().empty() && state == State::field_start;
      if (!blank) {
        input_.consume(at + 1);
        return true;
      }
      row_line_ = line_;
      row_bytes_ = 0;
    }
    input_.consume(text.size());
  }
}

Result<bool> CsvRows::end_of_input(State state, std::vector<std::string>& fields) {
  if (state == State::quoted) {
    return fail(Exit::bad_data, fmt::format("{}:{}: the file ends inside a quoted field of the row that begins here",
                                            input_.name(), row_line_));
  }
  if (!fields.back().empty() && fields.back().back() == '\r' && state == State::unquoted) fields.back().pop_back();
  return fields.size() > 1 || state != State::field_start;
}

/// One byte of a row; true when it ended the row.
Result<bool> CsvRows::take(char byte, State& state, std::vector<std::string>& fields) {
  std::string& field = fields.back();
  if (++row_bytes_ > most_row_bytes_) return too_large();
  if (byte == '\n') ++line_;
  if (state == State::quoted) {
    if (byte == '"') {
      state = State::quote_in_quoted;
    } else {
      field += byte;
    }
    return false;
  }
  if (byte == '\n') {
    // CR LF: an unquoted field has swallowed its CR.
    if (state == State::unquoted && field.ends_with('\r')) field.pop_back();
    if (state == State::unquoted && field.empty() && fields.size() == 1) state = State::field_start;
    return true;
  }
  if (byte == ',') {
    fields.emplace_back();
    row_bytes_ += sizeof(std::string);
    state = State::field_start;
    return false;
  }
  if (state == State::quote_in_quoted) {
    if (byte == '\r') return false;
    if (byte != '"') return fault("something stands behind a closing quote: separate fields by commas");
    field += byte;
    state = State::quoted;
    return false;
  }
  if (byte == '"') {
    if (state == State::unquoted)
      return fault("a quote stands inside an unquoted field: quote the field, quotes twice");
    state = State::quoted;
    return false;
  }
  field += byte;
  state = State::unquoted;
  return false;
}

}  // namespace firstseen::ingest
