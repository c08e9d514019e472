#include "key/explained_part.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>

#include "base/hex.h"
#include "key/json_text.h"
#include "key/part_value.h"
#include "key/reasons.h"

namespace firstseen::key {
namespace {

struct ReasonText {
  std::string_view reason;
  std::string_view text;
};

constexpr std::array<ReasonText, 6> absence_texts{{
    {reason::null_record_key, "the message has no record key (it is null)"},
    {reason::missing_header, "the message has no such header"},
    {reason::null_header, "the header's value is null"},
    {reason::null_value, "the message has no value (it is null, a tombstone)"},
    {reason::missing_member, "the JSON value has nothing there"},
    {reason::missing_timestamp, "the message has no timestamp"},
}};

/// The start of the bucket in UTC; as a number when it lies beyond the calendar's years.
std::string time_text(std::int64_t start_ms) {
  constexpr std::int64_t last_ms = 253402300799999;  // 9999-12-31T23:59:59.999Z
  if (start_ms > last_ms) return fmt::format("{} ms", start_ms);
  const std::chrono::sys_time<std::chrono::seconds> second{std::chrono::seconds(start_ms / 1000)};
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03d}Z ({} ms)", fmt::gmtime(std::chrono::system_clock::to_time_t(second)),
                     start_ms % 1000, start_ms);
}

std::string formatted_time(const TimeFormat& format, std::int64_t timestamp_ms) {
  std::string text;
  format.append(timestamp_ms, text);
  return json_quoted(text);
}

std::string pointer_text(const MessageView& message, const SelectedValue& selected) {
  return std::string(
      without_trailing_space(message.value.value_or("").substr(selected.begin, selected.end - selected.begin)));
}

}  // namespace

std::string bytes_text(std::optional<std::string_view> present) {
  const std::string_view bytes = present.value_or("");
  if (!find_invalid_utf8(bytes)) return json_quoted(bytes);
  return "bytes " + to_hex({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

std::string absence_text(const KeyPart& part, std::string_view reason) {
  const auto* const known = std::find_if(absence_texts.begin(), absence_texts.end(),
                                         [&](const ReasonText& entry) { return entry.reason == reason; });
  return fmt::format("{}: {}{}", part.label(), known == absence_texts.end() ? reason : known->text,
                     part.otherwise ? "; the default counts" : "");
}

std::string found_text(const KeyPart& part, const MessageView& message, const JsonSelector* selector) {
  switch (part.kind) {
    case PartKind::name_space:
    case PartKind::rule:
    case PartKind::text:
      return part.hidden() ? std::string(redacted) : json_quoted(part.name);
    case PartKind::topic:
      return bytes_text(message.topic);
    case PartKind::partition:
      return std::to_string(message.partition);
    case PartKind::record_key:
      return bytes_text(message.key);
    case PartKind::header:
      return bytes_text(last_header(message, part.name)->value);
    case PartKind::payload:
      return bytes_text(message.value);
    case PartKind::payload_pointer:
      return pointer_text(message, selector->selected(part.selector));
    case PartKind::timestamp:
      if (part.time_format && part.hidden()) return std::string(redacted);
      if (part.time_format) return formatted_time(*part.time_format, message.timestamp_ms);
      return time_text(bucket_start(message.timestamp_ms, part.bucket_ms));
  }
  return {};
}

}  // namespace firstseen::key
