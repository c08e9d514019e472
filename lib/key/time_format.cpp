#include "key/time_format.h"

#include <fmt/format.h>

#include <chrono>
#include <iterator>

namespace firstseen::key {
namespace {

using std::chrono::days;
using std::chrono::sys_days;

constexpr std::string_view fields = "YmdjHMSGVu";

constexpr std::string_view known_fields =
    "%Y year, %m month, %d day, %j day of the year, %H hour, %M minute, %S second, %G and %V year and week of ISO "
    "8601, "
    "%u weekday, %F for %Y-%m-%d, %T for %H:%M:%S, %% for %";

/// The field that is meant by one of strftime's that would depend on a language, leave out a part, or does not exist.
std::string_view meant_by(char letter) {
  switch (letter) {
    case 'y':
    case 'C':
      return "%Y";
    case 'b':
    case 'B':
    case 'h':
      return "%m";
    case 'e':
      return "%d";
    case 'I':
    case 'k':
    case 'l':
    case 'p':
      return "%H";
    case 's':
      return "%S";
    case 'a':
    case 'A':
    case 'w':
      return "%u";
    case 'U':
    case 'W':
    case 'v':
      return "%V";
    case 'g':
      return "%G";
    case 'D':
    case 'x':
      return "%F";
    case 'R':
    case 'X':
      return "%T";
    default:
      return {};
  }
}

/// A point in time by the calendar, for every number of milliseconds that there is.
struct Calendar {
  explicit Calendar(std::int64_t timestamp_ms) {
    // The calendar repeats itself, with its weekdays, every 400 years: std::chrono's years are too short for some.
    constexpr std::int64_t days_of_cycle = 146'097;
    constexpr std::int64_t day_ms = 86'400'000;
    const std::int64_t day = timestamp_ms / day_ms;
    second_of_day = timestamp_ms % day_ms / 1000;
    const std::int64_t skipped_years = day / days_of_cycle * 400;
    const sys_days date{days(day % days_of_cycle)};
    const std::chrono::year_month_day civil(date);
    year = skipped_years + static_cast<int>(civil.year());
    month = static_cast<unsigned>(civil.month());
    day_of_month = static_cast<unsigned>(civil.day());
    day_of_year = (date - sys_days(civil.year() / 1 / 1)).count() + 1;
    weekday = std::chrono::weekday(date).iso_encoding();
    // The week's year is that of its Thursday.
    const sys_days thursday = date + days(4) - days(weekday);
    const std::chrono::year week_in = std::chrono::year_month_day(thursday).year();
    week_year = skipped_years + static_cast<int>(week_in);
    week = (thursday - sys_days(week_in / 1 / 1)).count() / 7 + 1;
  }

  std::int64_t second_of_day = 0;
  std::int64_t year = 0;
  unsigned month = 0;
  unsigned day_of_month = 0;
  std::int64_t day_of_year = 0;
  unsigned weekday = 0;  ///< Monday is 1
  std::int64_t week_year = 0;
  std::int64_t week = 0;
};

void append_field(const Calendar& time, char field, std::string& out) {
  const auto to = std::back_inserter(out);
  switch (field) {
    case 'Y':
      fmt::format_to(to, "{:04d}", time.year);
      break;
    case 'm':
      fmt::format_to(to, "{:02d}", time.month);
      break;
    case 'd':
      fmt::format_to(to, "{:02d}", time.day_of_month);
      break;
    case 'j':
      fmt::format_to(to, "{:03d}", time.day_of_year);
      break;
    case 'H':
      fmt::format_to(to, "{:02d}", time.second_of_day / 3600);
      break;
    case 'M':
      fmt::format_to(to, "{:02d}", time.second_of_day / 60 % 60);
      break;
    case 'S':
      fmt::format_to(to, "{:02d}", time.second_of_day % 60);
      break;
    case 'G':
      fmt::format_to(to, "{:04d}", time.week_year);
      break;
    case 'V':
      fmt::format_to(to, "{:02d}", time.week);
      break;
    case 'u':
      fmt::format_to(to, "{}", time.weekday);
      break;
    default:
      out += field;  // %%
  }
}

std::string unknown_field(std::string_view field) {
  std::string message = fmt::format("'{}' is no time field: it must be one of {}", field, known_fields);
  if (const std::string_view meant = meant_by(field[1]); !meant.empty()) {
    message += fmt::format("; did you mean '{}'?", meant);
  }
  return message;
}

/// One character of UTF-8 from its first byte on.
std::string_view character_at(std::string_view text, std::size_t at) {
  std::size_t end = at + 1;
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) ++end;
  return text.substr(at, end - at);
}

}  // namespace

tl::expected<TimeFormat, TimeFormat::Fault> TimeFormat::parse(std::string_view text) {
  std::string written_out;
  bool any_field = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    written_out += text[i];
    if (text[i] != '%') continue;
    const std::size_t percent = i++;
    if (i == text.size()) {
      return tl::unexpected(Fault{percent, "'%' at the end names no time field; write '%%' for the character"});
    }
    const char field = text[i];
    any_field = any_field || field != '%';
    if (field == 'F') {
      written_out += "Y-%m-%d";
    } else if (field == 'T') {
      written_out += "H:%M:%S";
    } else if (field == '%' || fields.find(field) != std::string_view::npos) {
      written_out += field;
    } else {
      return tl::unexpected(Fault{percent, unknown_field("%" + std::string(character_at(text, i)))});
    }
  }
  if (!any_field) {
    return tl::unexpected(Fault{0, fmt::format("the time format has no field: give one of {}", known_fields)});
  }
  return TimeFormat(std::move(written_out));
}

void TimeFormat::append(std::int64_t timestamp_ms, std::string& out) const {
  const Calendar time(timestamp_ms);
  for (std::size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] == '%') {
      append_field(time, text_[++i], out);
    } else {
      out += text_[i];
    }
  }
}

}  // namespace firstseen::key
