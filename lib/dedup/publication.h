#pragma once

#include <cstdint>
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

/// A chunk on its way from the taking to the publishing stage, with what of it is to be published. Used again and
/// again: clear() keeps the memory.
struct Publications {
  kafka::Chunk chunk;
  std::vector<Publication> list;          ///< in order
  std::vector<kafka::AddedHeader> added;  ///< of side topics
  std::uint64_t bytes = 0;                ///< keys and values of the whole chunk: what the hand-over holds in memory

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
