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

/// The same, of somebody else's name.
struct TopicPartitionView {
  std::string_view topic;
  std::int32_t partition = 0;

  [[nodiscard]] TopicPartition copy() const { return {std::string(topic), partition}; }
  bool operator==(const TopicPartitionView&) const = default;
};
inline std::strong_ordering operator<=>(const TopicPartition& a, const TopicPartitionView& b) {
  const auto by_topic = std::string_view(a.topic) <=> b.topic;
  return by_topic != std::strong_ordering::equal ? by_topic : a.partition <=> b.partition;
}
inline TopicPartitionView view_of(const TopicPartition& tp) { return {tp.topic, tp.partition}; }

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
  std::string_view topic = {};
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::int64_t timestamp_ms = -1;  ///< since the Unix epoch; -1: the message has none
  std::optional<std::string_view> key = {};
  std::optional<std::string_view> value = {};  ///< nullopt: a tombstone
  std::span<const HeaderView> headers = {};    ///< in the message's order; repeats are kept
  const void* native = nullptr;                ///< the client's own handle to the message
};

}  // namespace firstseen
