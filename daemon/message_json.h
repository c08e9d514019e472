#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/message.h"

namespace firstseen::daemon {

/// A message that owns its bytes.
struct OwnedMessage {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::int64_t timestamp_ms = -1;
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::vector<std::pair<std::string, std::optional<std::string>>> headers;
};

/// Lives as long as both; `headers` is where its headers stand.
MessageView view_of(const OwnedMessage& message, std::vector<HeaderView>& headers);

/// The topic of a message that names none: the only one of `input.topics`, unless that is a pattern.
std::optional<std::string> sole_topic(const std::vector<std::string>& topics);

/// Reads a message that a person wrote as a JSON object; every member may be left out:
///
///   topic                 a string; `default_topic` otherwise, and refused when there is none
///   partition, offset     whole numbers, 0 otherwise
///   timestamp             milliseconds since the Unix epoch; otherwise the message has none
///   key, value            a string (its UTF-8 bytes) or null, which is also what they are when left out; value may
///                         also be an object or array, which stands for its own JSON text, byte for byte
///   key_base64, value_base64   instead of key or value: any bytes
///   headers               [[name, value], ...] or {name: value, ...}; a value is a string, null or {"base64": "..."}
///
/// A message that `kcat -J` prints is read, too: ts and payload for timestamp and value, headers as names and values in
/// turn; tstype and broker mean nothing here.
///
/// Fails with Exit::bad_data, saying what is wrong where.
Result<OwnedMessage> read_message_json(std::string_view text, std::optional<std::string_view> default_topic);

}  // namespace firstseen::daemon
