#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "key/encoding.h"
#include "key/json_pointer.h"
#include "key/spec.h"
#include "key/time_format.h"

namespace firstseen::key {

/// One part of a key, ready to be used.
struct KeyPart {
  PartKind kind = PartKind::record_key;
  std::string text;         ///< normalised: parts with the same text are the same part
  std::string shown;        ///< stands for `text` wherever that must not be shown; empty: it may be
  std::string fingerprint;  ///< what Deriver::fingerprint says of it: the text, or a hidden text's digest
  OnMissing on_missing = OnMissing::reject;

  std::string name;            ///< header: its name; name_space, rule and text: the text itself
  JsonPointer pointer;         ///< payload_pointer
  std::size_t selector = 0;    ///< payload_pointer: its number in the document's selector
  std::int64_t bucket_ms = 0;  ///< timestamp

  std::optional<TimeFormat> time_format;  ///< timestamp: instead of the bucket
  std::optional<std::string> otherwise;   ///< the value that counts when the message lacks the part, encoded
  std::optional<PointerTree> excluded;    ///< payload_pointer: what is left out of the value

  [[nodiscard]] bool hidden() const { return !shown.empty(); }
  /// Whether something that must not be shown is in the part's encoding, not only in its text.
  [[nodiscard]] bool encodes_hidden() const {
    return hidden() && (kind == PartKind::name_space || kind == PartKind::text || time_format || otherwise);
  }
  /// The part's text for a person.
  [[nodiscard]] const std::string& label() const { return hidden() ? shown : text; }
};

/// Reads a part's text: record_key, header:NAME, payload, payload:POINTER, topic, partition, timestamp:BUCKET.
/// Exit::config, with what is allowed. Where `shown` is not empty the message quotes it in the text's place.
Result<KeyPart> parse_part(std::string_view text, OnMissing on_missing, const std::string& shown = {});

/// The part that carries the name of the rule whose key it is.
KeyPart rule_part(const std::string& rule);

/// The part that carries the key's namespace; `shown` as in KeySpec::Shown.
KeyPart namespace_part(const std::string& name_space, const std::string& shown);

}  // namespace firstseen::key
