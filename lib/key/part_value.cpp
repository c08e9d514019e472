#include "key/part_value.h"

#include "key/json_exclusion.h"
#include "key/reasons.h"

namespace firstseen::key {
namespace {

Absence append_absence(std::string& out, std::string_view reason, Tag tag) {
  append_tag(out, tag);
  return {reason, tag};
}

Absence append_bytes(std::string& out, std::optional<std::string_view> bytes, std::string_view reason_if_null) {
  if (!bytes) return append_absence(out, reason_if_null, Tag::kafka_null);
  append_sized(out, Tag::bytes, *bytes);
  return {};
}

Absence append_header(std::string& out, const MessageView& message, std::string_view name) {
  const HeaderView* const header = last_header(message, name);
  if (header == nullptr) return append_absence(out, reason::missing_header, Tag::missing);
  return append_bytes(out, header->value, reason::null_header);
}

Absence append_selected(std::string& out, const MessageView& message, const KeyPart& part,
                        const JsonSelector* selector) {
  if (!message.value) return append_absence(out, reason::null_value, Tag::kafka_null);
  const SelectedValue& selected = selector->selected(part.selector);
  if (!selected.found) return append_absence(out, reason::missing_member, Tag::missing);
  if (part.excluded) {
    append_without(selected.encoding, *part.excluded, out);
  } else {
    out.append(selected.encoding);
  }
  return {};
}

Absence append_timestamp(std::string& out, std::int64_t timestamp_ms, const KeyPart& part) {
  if (timestamp_ms < 0) return append_absence(out, reason::missing_timestamp, Tag::missing);
  if (!part.time_format) {
    append_integer(out, bucket_start(timestamp_ms, part.bucket_ms));
    return {};
  }
  const std::size_t begin = out.size();
  part.time_format->append(timestamp_ms, out);
  std::string head;  // too short to be allocated
  append_tag(head, Tag::text);
  append_length(head, out.size() - begin);
  out.insert(begin, head);
  return {};
}

Absence append_value(const KeyPart& part, const MessageView& message, const JsonSelector* selector, std::string& out) {
  switch (part.kind) {
    case PartKind::name_space:
    case PartKind::rule:
    case PartKind::text:
      append_sized(out, Tag::text, part.name);
      return {};
    case PartKind::topic:
      append_sized(out, Tag::text, message.topic);
      return {};
    case PartKind::partition:
      append_integer(out, message.partition);
      return {};
    case PartKind::record_key:
      return append_bytes(out, message.key, reason::null_record_key);
    case PartKind::header:
      return append_header(out, message, part.name);
    case PartKind::payload:
      return append_bytes(out, message.value, reason::null_value);
    case PartKind::payload_pointer:
      return append_selected(out, message, part, selector);
    case PartKind::timestamp:
      return append_timestamp(out, message.timestamp_ms, part);
  }
  return {};
}

}  // namespace

Absence append_part(const KeyPart& part, const MessageView& message, const JsonSelector* selector, std::string& out) {
  append_kind(out, part.kind);
  const std::size_t begin = out.size();
  const Absence absence = append_value(part, message, selector, out);
  if (absence && part.otherwise) out.replace(begin, std::string::npos, *part.otherwise);
  return absence;
}

const HeaderView* last_header(const MessageView& message, std::string_view name) {
  for (auto header = message.headers.rbegin(); header != message.headers.rend(); ++header) {
    if (header->name == name) return &*header;
  }
  return nullptr;
}

}  // namespace firstseen::key
