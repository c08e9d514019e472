#include "key/json_exclusion.h"

#include "key/encoding.h"

namespace firstseen::key {
namespace {

/// Walks through one canonical encoding from its front. The encoding is our own: it is well-formed.
class Copy {
 public:
  Copy(std::string_view encoding, const PointerTree& excluded, std::string& out)
      : rest_(encoding), excluded_(excluded), out_(out) {}

  void value(const PointerTree::Node& node) {
    if (at(Tag::json_object)) {
      object(node);
    } else if (at(Tag::json_array)) {
      array(node);
    } else {
      keep(take_value());
    }
  }

 private:
  /// `node` is null where no pointer leads.
  void below(const PointerTree::Node* node) {
    if (node == nullptr) {
      keep(take_value());
    } else {
      value(*node);
    }
  }

  static bool leaves_out(const PointerTree::Node* node) { return node != nullptr && !node->targets.empty(); }

  void object(const PointerTree::Node& node) {
    keep(take(1));
    while (!at(Tag::json_end)) {
      const std::string_view name = take_value();
      const PointerTree::Node* const inner = excluded_.member(node, inside(name));
      if (leaves_out(inner)) {
        take_value();
        continue;
      }
      keep(name);
      below(inner);
    }
    keep(take(1));
  }

  void array(const PointerTree::Node& node) {
    keep(take(1));
    for (std::uint64_t index = 0; !at(Tag::json_end); ++index) {
      const PointerTree::Node* const inner = excluded_.element(node, index);
      if (leaves_out(inner)) {
        take_value();
      } else {
        below(inner);
      }
    }
    keep(take(1));
  }

  [[nodiscard]] bool at(Tag tag) const { return static_cast<Tag>(rest_.front()) == tag; }

  void keep(std::string_view bytes) { out_.append(bytes); }

  std::string_view take(std::size_t size) {
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  /// The next value, or a member's name: a name is encoded as a string.
  std::string_view take_value() {
    std::size_t end = 0;
    unsigned open = 0;
    do {
      const auto tag = static_cast<Tag>(rest_[end++]);
      if (tag == Tag::json_object || tag == Tag::json_array) ++open;
      if (tag == Tag::json_end) --open;
      if (tag != Tag::json_string && tag != Tag::json_number) continue;
      const std::size_t length = read_length(end);
      end += length;
    } while (open > 0);
    return take(end);
  }

  /// Reads the length at `at`, moves `at` behind it.
  std::size_t read_length(std::size_t& at) const {
    std::size_t length = 0;
    for (unsigned shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(rest_[at++]);
      length |= static_cast<std::size_t>(byte & 0x7FU) << shift;
      if (byte < 0x80) return length;
    }
  }

  /// The bytes of an encoded string.
  static std::string_view inside(std::string_view string) {
    std::size_t at = 1;
    while (static_cast<unsigned char>(string[at]) >= 0x80) ++at;
    return string.substr(at + 1);
  }

  std::string_view rest_;
  const PointerTree& excluded_;
  std::string& out_;
};

}  // namespace

void append_without(std::string_view encoding, const PointerTree& excluded, std::string& out) {
  Copy(encoding, excluded, out).value(excluded.root());
}

}  // namespace firstseen::key
