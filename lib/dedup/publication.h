#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kafka/client.h"

namespace firstseen::dedup {

/// One message of a chunk that is to be published.
struct Publication {
  std::uint32_t message = 0;      ///< index in the chunk
  std::uint32_t added_begin = 0;  ///< its headers in Publications::added
  std::uint32_t added_count = 0;
  kafka::Destination to;  ///< the topic's name lives as long as the slot's options or routes
};

/// The headers added to a chunk's messages. Used again and again: clear() keeps the memory of the texts, too.
class AddedHeaders {
 public:
  /// A new header with an empty value.
  std::string& add(std::string_view name) {
    if (used_ == headers_.size()) headers_.emplace_back();
    kafka::AddedHeader& header = headers_[used_++];
    header.name = name;
    header.value.clear();
    return header.value;
  }
  [[nodiscard]] std::size_t size() const { return used_; }
  [[nodiscard]] std::span<const kafka::AddedHeader> part(std::size_t begin, std::size_t count) const {
    return std::span(headers_).subspan(begin, count);
  }
  void clear() { used_ = 0; }

 private:
  std::vector<kafka::AddedHeader> headers_;
  std::size_t used_ = 0;
};

/// A chunk on its way from the taking to the publishing stage, with what of it is to be published. Used again and
/// again: clear() keeps the memory.
struct Publications {
  kafka::Chunk chunk;
  std::vector<Publication> list;  ///< in order
  AddedHeaders added;             ///< of side topics
  std::uint64_t bytes = 0;        ///< keys and values of the whole chunk: what the hand-over holds in memory

  void clear() {
    chunk.give_back();
    list.clear();
    added.clear();
    bytes = 0;
  }
};

/// What ends a batch.
struct BatchEnd {
  std::vector<kafka::OffsetCommit> offsets;
  kafka::GroupMembership membership;
};

}  // namespace firstseen::dedup
