#include "key/part.h"

#include <fmt/format.h>

#include "base/suggest.h"
#include "base/units.h"
#include "key/json_text.h"

namespace firstseen::key {
namespace {

constexpr std::string_view known_parts =
    "record_key, header:NAME, payload, payload:/json/pointer, topic, partition, timestamp:BUCKET";

/// What follows `prefix` in `text`.
std::optional<std::string_view> behind(std::string_view text, std::string_view prefix) {
  if (text.substr(0, prefix.size()) != prefix) return std::nullopt;
  return text.substr(prefix.size());
}

/// What was probably meant by a text that is no part, as "; did you mean ...", or nothing.
std::string did_you_mean(std::string_view text) {
  const std::string_view head = text.substr(0, text.find(':'));
  std::string meant;
  if (text.starts_with('/')) {
    meant = fmt::format("payload:{}", text);
  } else if (text == "key") {
    meant = "record_key";
  } else if (head == "value") {
    meant = fmt::format("payload{}", text.substr(head.size()));
  } else {
    meant = suggest(head, {"record_key", "header", "payload", "topic", "partition", "timestamp"});
    if (meant.empty()) return {};
    meant += text.substr(head.size());
    if (meant == "header") meant += ":NAME";
    if (meant == "timestamp") meant += ":1m";
  }
  return fmt::format("; did you mean '{}'?", meant);
}

Result<KeyPart> header_part(KeyPart part, std::string_view name) {
  if (name.empty()) {
    return forward({Action::stop, Exit::config, "the key part 'header:' lacks the header's name, as in 'header:id'"});
  }
  part.kind = PartKind::header;
  part.name = name;
  return part;
}

Result<KeyPart> pointer_part(KeyPart part, std::string_view pointer) {
  auto parsed = parse_json_pointer(pointer);
  if (!parsed) return fail(Exit::config, fmt::format("key part '{}': {}", part.text, parsed.error().message));
  part.kind = PartKind::payload_pointer;
  part.pointer = std::move(*parsed);
  return part;
}

Result<KeyPart> timestamp_part(KeyPart part, std::string_view bucket) {
  if (bucket.find('%') != std::string_view::npos) {
    return fail(Exit::config, fmt::format("key part '{}': a time format needs the strategy 'template', as in template: "
                                          "\"{{{}}}\"; here is a bucket such as timestamp:1m",
                                          part.text, part.text));
  }
  const auto length = parse_duration(bucket);
  if (!length) return fail(Exit::config, fmt::format("key part '{}': {}", part.text, length.error().message));
  if (length->count() == 0) {
    return fail(Exit::config, fmt::format("key part '{}': the bucket must be longer than 0", part.text));
  }
  part.kind = PartKind::timestamp;
  part.bucket_ms = length->count();
  part.text = "timestamp:" + format_duration(*length);
  return part;
}

Result<KeyPart> parse_shown_part(std::string_view text, OnMissing on_missing) {
  if (find_invalid_utf8(text)) return fail(Exit::config, "a key part is not UTF-8");
  KeyPart part;
  part.text = text;
  part.on_missing = on_missing;
  if (const auto name = behind(text, "header:")) return header_part(std::move(part), *name);
  if (const auto pointer = behind(text, "payload:")) return pointer_part(std::move(part), *pointer);
  if (const auto bucket = behind(text, "timestamp:")) return timestamp_part(std::move(part), *bucket);
  if (text == "record_key") {
    part.kind = PartKind::record_key;
  } else if (text == "payload") {
    part.kind = PartKind::payload;
  } else if (text == "topic") {
    part.kind = PartKind::topic;
  } else if (text == "partition") {
    part.kind = PartKind::partition;
  } else {
    return fail(Exit::config,
                fmt::format("unknown key part '{}': it must be one of {}{}", text, known_parts, did_you_mean(text)));
  }
  return part;
}

}  // namespace

Result<KeyPart> parse_part(std::string_view text, OnMissing on_missing, const std::string& shown) {
  auto part = parse_shown_part(text, on_missing);
  if (shown.empty()) return part;
  if (!part) {  // its own message quotes the text
    return fail(Exit::config,
                fmt::format("'{}' does not expand to a key part: it must be one of {}", shown, known_parts));
  }
  part->shown = shown;
  return part;
}

KeyPart rule_part(const std::string& rule) {
  KeyPart part;
  part.kind = PartKind::rule;
  part.text = "rule:" + rule;
  part.name = rule;
  return part;
}

KeyPart namespace_part(const std::string& name_space, const std::string& shown) {
  KeyPart part;
  part.kind = PartKind::name_space;
  part.text = "namespace:" + name_space;
  part.name = name_space;
  if (!shown.empty()) part.shown = "namespace:" + shown;
  return part;
}

}  // namespace firstseen::key
