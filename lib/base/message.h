#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace firstseen {

/// A partition of a topic, by name.
struct TopicPartition {
  std::string topic;
  std::int32_t partition = 0;

  auto operator<=>(const TopicPartition&) const = default;
};

/// "topic[partition]", the form used in every message and log line.
inline std::string to_string(const TopicPartition& tp) { return tp.topic + "[" + std::to_string(tp.partition) + "]"; }

/// A place in a partition's log.
struct Position {
  TopicPartition tp;
  std::int64_t offset = 0;

  auto operator<=>(const Position&) const = default;
};

/// One record header; a null value (std::nullopt) is not an empty one.
struct HeaderView {
  std::string_view name;
  std::optional<std::string_view> value;
};

/// One consumed message. Everything points into memory of whoever made the view and lives as long as that says.
struct MessageView {
  std::string_view topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::int64_t timestamp_ms = -1;  ///< since the Unix epoch; -1: the message has none
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;  ///< nullopt: a tombstone
  std::span<const HeaderView> headers;    ///< in the message's order; repeats are kept
  const void* native = nullptr;           ///< the client's own handle to the message
};

}  // namespace firstseen
