#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace firstseen::key {

/// The reference tokens of a JSON pointer (RFC 6901), unescaped; none: the whole document.
using JsonPointer = std::vector<std::string>;

/// Reads a pointer's text: empty, or "/" before each token, with "~0" for "~" and "~1" for "/". UTF-8; Exit::config.
Result<JsonPointer> parse_json_pointer(std::string_view text);

/// Several pointers merged into one tree, so that one walk through a document serves them all.
class PointerTree {
 public:
  struct Node;

  /// One step from a node: a member's name, which in an array counts as an index if it is one.
  struct Step {
    std::string name;
    std::optional<std::uint64_t> index;  ///< "0", or digits without a leading zero; anything else is no index
    std::uint32_t node = 0;
  };

  struct Node {
    std::vector<Step> steps;
    std::vector<std::uint32_t> targets;  ///< which of the pointers end here
  };

  explicit PointerTree(const std::vector<JsonPointer>& pointers);

  [[nodiscard]] const Node& root() const { return nodes_.front(); }
  /// Where a member or an element leads; null where no pointer goes.
  [[nodiscard]] const Node* member(const Node& node, std::string_view name) const;
  [[nodiscard]] const Node* element(const Node& node, std::uint64_t index) const;

 private:
  std::uint32_t step_into(std::uint32_t node, const std::string& name);

  std::vector<Node> nodes_;
};

}  // namespace firstseen::key
