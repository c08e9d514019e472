#include "key/template.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "key/json_selector.h"
#include "key/json_text.h"

namespace firstseen::key {
namespace {

constexpr std::string_view special = "{|}\\";

/// A text for a template in which nothing of it means anything but itself.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (special.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

KeyPart literal_part(std::string text) {
  KeyPart part;
  part.kind = PartKind::text;
  part.text = "text:" + text;
  part.name = std::move(text);
  return part;
}

/// The value of a part's default: of the type that the part's own value would have.
std::string default_value(const KeyPart& part, std::string_view text) {
  std::string value;
  if (part.kind == PartKind::payload_pointer) {
    JsonSelector json(std::vector<JsonPointer>(1));  // the whole text
    if (json.read(text)) return json.selected(0).encoding;
    append_sized(value, Tag::json_string, text);
  } else {
    append_sized(value, part.kind == PartKind::timestamp ? Tag::text : Tag::bytes, text);
  }
  return value;
}

/// Text without its escapes, and where each of its bytes stood.
struct Unescaped {
  std::string text;
  std::vector<std::size_t> at;
};

class TemplateParser {
 public:
  TemplateParser(std::string_view text, OnMissing on_missing) : text_(text), on_missing_(on_missing) {}

  Result<std::vector<KeyPart>> parse() {
    while (at_ < text_.size()) {
      auto part = text_[at_] == '{' ? placeholder() : literal();
      if (!part) return forward(part.error());
      parts_.push_back(std::move(*part));
    }
    const bool constant =
        std::all_of(parts_.begin(), parts_.end(), [](const KeyPart& part) { return part.kind == PartKind::text; });
    if (constant) {
      return fail(Exit::config,
                  "the template has no placeholder, so all messages would have one key: name a part, "
                  "as in \"{header:tenant|none}/{payload:/order/id}\"");
    }
    return std::move(parts_);
  }

 private:
  [[nodiscard]] tl::unexpected<Error> wrong(std::size_t byte, std::string_view what) const {
    const auto before = text_.substr(0, byte);
    const auto characters = std::count_if(before.begin(), before.end(),
                                          [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
    return fail(Exit::config, fmt::format("at character {} of the template: {}", characters + 1, what));
  }

  /// Takes characters up to the first special one that is not escaped, or the end.
  Result<Unescaped> take_text() {
    Unescaped taken;
    for (; at_ < text_.size(); ++at_) {
      const std::size_t begin = at_;
      if (text_[at_] == '\\') {
        ++at_;
        if (at_ == text_.size() || special.find(text_[at_]) == std::string_view::npos) {
          return wrong(begin, R"('\' stands before '{', '|', '}' or '\' only; write '\\' for the character)");
        }
      } else if (special.find(text_[at_]) != std::string_view::npos) {
        break;
      }
      taken.text += text_[at_];
      taken.at.push_back(begin);
    }
    return taken;
  }

  Result<KeyPart> literal() {
    std::string text;
    while (at_ < text_.size() && text_[at_] != '{') {
      if (text_[at_] == '}') return wrong(at_, R"('}' closes nothing; write '\}' for the character)");
      if (text_[at_] == '|') text += text_[at_++];  // means something within a placeholder only
      auto taken = take_text();
      if (!taken) return forward(taken.error());
      text += taken->text;
    }
    return literal_part(std::move(text));
  }

  Result<KeyPart> placeholder() {
    const std::size_t begin = at_++;
    auto name = take_text();
    if (!name) return forward(name.error());
    std::optional<Unescaped> otherwise;
    if (next_is('|')) {
      ++at_;
      auto taken = take_text();
      if (!taken) return forward(taken.error());
      otherwise = std::move(*taken);
    }
    if (next_is('|')) return wrong(at_, R"(a placeholder has one default; write '\|' for the character)");
    if (!next_is('}')) {
      return wrong(begin, R"('{' is not closed: put '}' behind the part, or write '\{' for the character)");
    }
    ++at_;
    if (name->text.empty()) return wrong(begin, "the placeholder names no part; it must be as in {header:tenant}");
    auto part = named_part(begin, *name);
    if (!part || !otherwise) return part;
    return with_default(begin, std::move(*part), otherwise->text);
  }

  Result<KeyPart> named_part(std::size_t begin, const Unescaped& name) {
    constexpr std::string_view timestamp = "timestamp:";
    const bool formatted = name.text.starts_with(timestamp) && name.text.find('%') != std::string::npos;
    if (!formatted) {
      auto part = parse_part(name.text, on_missing_);
      if (part) return part;
      const bool time = name.text.starts_with(timestamp);
      return wrong(begin, part.error().message + (time ? "; or a time format, as in timestamp:%Y-%m-%dT%H:%M" : ""));
    }
    auto format = TimeFormat::parse(std::string_view(name.text).substr(timestamp.size()));
    if (!format) return wrong(name.at[timestamp.size() + format.error().at], format.error().message);
    KeyPart part;
    part.kind = PartKind::timestamp;
    part.on_missing = on_missing_;
    part.text = std::string(timestamp) + format->text();
    part.time_format = std::move(*format);
    return part;
  }

  [[nodiscard]] Result<KeyPart> with_default(std::size_t begin, KeyPart part, const std::string& otherwise) const {
    const std::string_view as_written = text_.substr(begin, at_ - begin);
    if (otherwise.empty()) {
      return wrong(begin, fmt::format("the default of {} is empty: write a text behind '|', or leave '|' out so that "
                                      "on_missing decides",
                                      as_written));
    }
    if (part.kind == PartKind::topic || part.kind == PartKind::partition) {
      return wrong(begin,
                   fmt::format("the default of {} has no effect: every message has a {}", as_written, part.text));
    }
    part.otherwise = default_value(part, otherwise);
    part.text = fmt::format("{{{}|{}}}", escaped(part.text), escaped(otherwise));
    return part;
  }

  [[nodiscard]] bool next_is(char c) const { return at_ < text_.size() && text_[at_] == c; }

  std::string_view text_;
  OnMissing on_missing_;
  std::size_t at_ = 0;
  std::vector<KeyPart> parts_;
};

Result<std::vector<KeyPart>> parse_shown_template(std::string_view text, OnMissing on_missing) {
  if (const auto at = find_invalid_utf8(text)) {
    return fail(Exit::config, fmt::format("the template is not UTF-8 (byte {})", *at));
  }
  return TemplateParser(text, on_missing).parse();
}

}  // namespace

Result<std::vector<KeyPart>> parse_template(std::string_view text, OnMissing on_missing, const std::string& shown) {
  auto parts = parse_shown_template(text, on_missing);
  if (shown.empty()) return parts;
  if (!parts) {  // its own message quotes the text
    return fail(Exit::config, fmt::format("'{}' does not expand to a template: a text with placeholders, as in "
                                          "\"{{header:tenant|none}}/{{payload:/order/id}}\"",
                                          shown));
  }
  for (std::size_t i = 0; i < parts->size(); ++i) (*parts)[i].shown = fmt::format("template {}, part {}", shown, i + 1);
  return parts;
}

}  // namespace firstseen::key
