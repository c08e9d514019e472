#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "output.h"
#include "store/inspect.h"

namespace firstseen {

/// Where a figure of the index's memory comes from.
enum class IndexSource {
  daemon,  ///< the running daemon says so
  saved,   ///< the file of a clean stop, which holds the tables as memory did
  bound,   ///< computed: at most so much, at rest
};

/// What the live keys of a store take.
struct KeyBytes {
  std::uint64_t keys = 0;
  std::uint64_t used_bytes = 0;
  std::uint64_t file_bytes = 0;
  std::uint64_t index_bytes = 0;
  IndexSource index_from = IndexSource::bound;

  /// Nothing in a store without keys.
  [[nodiscard]] std::optional<double> per_key(std::uint64_t bytes) const;
};

/// `from_daemon`: bytes of the index as a running daemon tells them; nothing: none does.
KeyBytes key_bytes(const store::Inspection& facts, std::optional<std::uint64_t> from_daemon);

/// What store.index_bytes of a daemon's status says; nothing: no number, or its store is not open yet.
std::optional<std::uint64_t> index_bytes_of(const Json& status);

/// Adds to what `store stats` prints.
void add_key_bytes(const KeyBytes& bytes, Json& json);
void add_key_bytes(const KeyBytes& bytes, std::vector<std::pair<std::string, std::string>>& fields);

}  // namespace firstseen
