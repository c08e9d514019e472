#include "key/json_selector.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

#include "key/encoding.h"
#include "key/json_fault.h"
#include "key/json_number.h"
#include "key/json_order.h"
#include "key/json_text.h"
#include "key/reasons.h"

namespace firstseen::key {
namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

/// By the bytes of their names; repeats in the document's order.
bool by_name(const Member& a, const Member& b) {
  const int order = a.name.compare(b.name);
  return order != 0 ? order < 0 : a.at < b.at;
}

/// Mixes a name's length and its bytes at both ends.
std::uint64_t name_hash(std::string_view name) {
  std::uint64_t front = 0;
  std::uint64_t back = 0;
  std::memcpy(&front, name.data(), std::min(name.size(), sizeof front));
  if (name.size() > sizeof back) std::memcpy(&back, name.data() + name.size() - sizeof back, sizeof back);
  const std::uint64_t mixed = (front ^ (back * 0x9E3779B97F4A7C15U) ^ name.size()) * 0xBF58476D1CE4E5B9U;
  return mixed ^ (mixed >> 32U);
}

/// True: no name occurs twice. False: one may. Cheap for the objects that messages have; no order is needed for it.
bool surely_distinct(std::span<const Member> members) {
  constexpr std::size_t bits = 1024;
  if (members.size() > bits / 4) return false;
  std::array<std::uint64_t, bits / 64> seen{};
  for (const Member& member : members) {
    const std::uint64_t bit = name_hash(member.name) % bits;
    const std::uint64_t mask = std::uint64_t{1} << (bit % 64);
    if ((seen[bit / 64] & mask) != 0) return false;
    seen[bit / 64] |= mask;
  }
  return true;
}

}  // namespace

/// One walk through a document. simdjson's first pass finds where the tokens begin (and checks UTF-8 and the strings'
/// ends and characters); everything else - the grammar, names, escapes, numbers, literals - is checked here, token by
/// token, so that no verdict depends on simdjson's version or on the instructions it uses. Its second pass is not used:
/// DOM builds what nobody reads and rounds numbers, On-Demand does not check what nobody reads. Functions return false
/// once fault_ is set.
class JsonSelector::Walk {
 public:
  explicit Walk(const std::vector<JsonPointer>& pointers) : tree_(pointers), selected_(pointers.size()) {}

  bool read(std::string_view document);

  const SelectedValue& selected(std::size_t pointer) const { return selected_[pointer]; }
  const JsonFault& fault() const { return fault_; }

 private:
  using Node = PointerTree::Node;

  /// How a value is walked: `node` where pointers lead to it or through it (else null), `encode` when it is part of a
  /// value that is encoded, `depth` arrays and objects are open around it.
  struct Way {
    const Node* node;
    bool encode;
    unsigned depth;
  };

  bool reserve(std::size_t length);
  bool root();
  bool value(Way way);
  bool container(char first, Way way);
  bool object(Way way);
  bool array(Way way);
  bool member(Way way);
  bool close_object(std::size_t first, bool encode);
  bool scalar(std::string_view token, bool encode);
  bool string(std::string_view quoted_token, bool encode);
  bool text(std::string_view escaped, std::string_view& out);
  void select(const Node& node, std::size_t begin, Range raw);

  bool fail(std::string_view reason, std::size_t at, std::string note);
  /// Malformed: `note` says what should stand here, unless the document ends.
  bool unexpected(std::string_view note);
  bool take(char token);
  [[nodiscard]] bool at(char token) const;
  std::string_view take_token();
  [[nodiscard]] std::size_t here() const;
  std::size_t offset(std::string_view token) const;

  PointerTree tree_;
  std::vector<SelectedValue> selected_;
  JsonFault fault_;
  std::unique_ptr<simdjson::internal::dom_parser_implementation> parser_;
  std::vector<char> buffer_;               ///< the document, with the padding that simdjson reads beyond its end
  std::size_t length_ = 0;                 ///< of the document in buffer_
  bool has_escapes_ = false;               ///< there is a backslash somewhere in the document
  std::span<const std::uint32_t> begins_;  ///< where the tokens not yet taken begin in buffer_
  std::string encoding_;                   ///< of the value being encoded, members in the document's order
  std::vector<Member> members_;            ///< of the objects that are open, innermost last
  MemberOrder order_;
};

bool JsonSelector::Walk::read(std::string_view document) {
  for (SelectedValue& value : selected_) value.found = false;
  fault_ = {};
  encoding_.clear();
  members_.clear();
  order_.clear();
  length_ = document.size();

  const std::size_t first = document.find_first_not_of(" \t\n\r");
  if (first == std::string_view::npos) return fail(reason::empty_document, 0, "the value is empty");
  if (document.substr(0, 3) == byte_order_mark) {
    fault_ = {reason::malformed_json, 0, "a byte order mark is not JSON"};
    return false;
  }
  if (!reserve(document.size())) return false;
  std::memcpy(buffer_.data(), document.data(), document.size());
  std::memset(buffer_.data() + document.size(), 0, simdjson::SIMDJSON_PADDING);

  has_escapes_ = document.find('\\') != std::string_view::npos;
  bool valid = false;
  if (parser_->stage1(reinterpret_cast<const std::uint8_t*>(buffer_.data()), length_, simdjson::stage1_mode::regular) ==
      simdjson::SUCCESS) {
    begins_ = {parser_->structural_indexes.get(), parser_->n_structural_indexes};
    valid = root();
  } else {
    fault_ = first_pass_fault(document);
  }
  if (document.size() > keep_bytes) {
    parser_.reset();
    begins_ = {};
    buffer_ = {};
    encoding_ = {};
  }
  return valid;
}

/// Grows in powers of two, so that documents of slowly growing sizes do not allocate each time.
bool JsonSelector::Walk::reserve(std::size_t length) {
  const std::size_t before = parser_ ? parser_->capacity() : 0;
  std::size_t capacity = std::max<std::size_t>(before, 4096);
  while (capacity < length) capacity *= 2;
  if (capacity > simdjson::SIMDJSON_MAXSIZE_BYTES) capacity = simdjson::SIMDJSON_MAXSIZE_BYTES;
  // The depth is limited by this walk: simdjson's is that of its second pass.
  if (length > capacity ||
      (capacity > before && simdjson::get_active_implementation()->create_dom_parser_implementation(
                                capacity, 1, parser_) != simdjson::SUCCESS)) {
    parser_.reset();
    return fail(reason::payload_too_large, 0, "the value is too large to be read as JSON");
  }
  if (buffer_.size() < length + simdjson::SIMDJSON_PADDING) buffer_.resize(capacity + simdjson::SIMDJSON_PADDING);
  return true;
}

bool JsonSelector::Walk::root() {
  const bool on_the_way = !tree_.root().targets.empty() || !tree_.root().steps.empty();
  if (!value({on_the_way ? &tree_.root() : nullptr, false, 0})) return false;
  if (!begins_.empty()) return fail(reason::trailing_data, here(), "something follows the document");
  return true;
}

bool JsonSelector::Walk::value(Way way) {
  if (begins_.empty()) return fail(reason::malformed_json, length_, "the document is not closed");
  const bool selected = way.node != nullptr && !way.node->targets.empty();
  const std::size_t begin = encoding_.size();
  const Way inner{way.node, way.encode || selected, way.depth};
  const std::size_t raw_begin = here();
  std::size_t raw_end = 0;

  const char first = buffer_[raw_begin];
  if (first == '{' || first == '[') {
    if (!container(first, inner)) return false;
    raw_end = here();
  } else {
    const std::string_view token = take_token();
    if (!scalar(token, inner.encode)) return false;
    raw_end = raw_begin + token.size();
  }
  if (selected) {
    select(*way.node, begin, {raw_begin, raw_end});
    if (!way.encode) {
      encoding_.clear();
      order_.clear();
    }
  }
  return true;
}

bool JsonSelector::Walk::container(char first, Way way) {
  if (way.depth == max_json_depth) return fail(reason::nested_too_deeply, here(), "nested too deeply");
  begins_ = begins_.subspan(1);
  return first == '{' ? object(way) : array(way);
}

bool JsonSelector::Walk::object(Way way) {
  const std::size_t first = members_.size();
  if (way.encode) append_tag(encoding_, Tag::json_object);
  if (take('}')) return close_object(first, way.encode);
  do {
    if (!member({way.node, way.encode, way.depth + 1})) return false;
  } while (take(','));
  if (!take('}')) return unexpected("expected ',' or '}'");
  return close_object(first, way.encode);
}

bool JsonSelector::Walk::member(Way way) {
  if (!at('"')) return unexpected("expected a member name");
  const std::size_t name_at = here();
  std::string_view name;
  if (!text(take_token(), name)) return false;
  if (!take(':')) return unexpected("expected ':'");
  const Node* const node = way.node != nullptr ? tree_.member(*way.node, name) : nullptr;
  const std::size_t begin = encoding_.size();
  if (way.encode) append_sized(encoding_, Tag::json_string, name);
  if (!value({node, way.encode, way.depth})) return false;
  if (way.encode || way.node != nullptr) members_.push_back({name, name_at, {begin, encoding_.size()}});
  return true;
}

/// Refuses repeated names, notes the order of the members, and forgets them.
bool JsonSelector::Walk::close_object(std::size_t first, bool encode) {
  const auto begin = members_.begin() + static_cast<std::ptrdiff_t>(first);
  if (!encode && begin == members_.end()) return true;
  if (!encode && surely_distinct({begin, members_.end()})) {
    members_.erase(begin, members_.end());
    return true;
  }
  if (!std::is_sorted(begin, members_.end(), by_name)) {
    std::sort(begin, members_.end(), by_name);
    if (encode) order_.note(members_, first);
  }
  const auto repeated =
      std::adjacent_find(begin, members_.end(), [](const Member& a, const Member& b) { return a.name == b.name; });
  if (repeated != members_.end()) {
    // The name is the payload's: it stays out of what is logged and shown.
    return fail(reason::repeated_member, (repeated + 1)->at, "a member of this name came before in the object");
  }
  members_.erase(begin, members_.end());
  if (encode) append_tag(encoding_, Tag::json_end);
  return true;
}

bool JsonSelector::Walk::array(Way way) {
  if (way.encode) append_tag(encoding_, Tag::json_array);
  std::uint64_t index = 0;
  if (!take(']')) {
    do {
      const Node* const node = way.node != nullptr ? tree_.element(*way.node, index) : nullptr;
      if (!value({node, way.encode, way.depth + 1})) return false;
      ++index;
    } while (take(','));
    if (!take(']')) return unexpected("expected ',' or ']'");
  }
  if (way.encode) append_tag(encoding_, Tag::json_end);
  return true;
}

bool JsonSelector::Walk::scalar(std::string_view token, bool encode) {
  const char first = token.empty() ? '\0' : token.front();
  if (first == '"') return string(token, encode);
  if (first == '-' || (first >= '0' && first <= '9')) {
    JsonNumber number;
    if (!scan_json_number(token, number)) return fail(reason::invalid_number, offset(token), "not a JSON number");
    if (encode && !append_canonical_number(encoding_, number)) {
      return fail(reason::number_out_of_range, offset(token),
                  fmt::format("the exponent has more than {} digits", max_exponent_digits));
    }
    return true;
  }
  Tag tag = Tag::json_null;
  if (token == "true") {
    tag = Tag::json_true;
  } else if (token == "false") {
    tag = Tag::json_false;
  } else if (token != "null") {
    return fail(reason::malformed_json, offset(token), "expected a value");
  }
  if (encode) append_tag(encoding_, tag);
  return true;
}

bool JsonSelector::Walk::string(std::string_view quoted_token, bool encode) {
  std::string_view unescaped;
  if (!text(quoted_token, unescaped)) return false;
  if (encode) append_sized(encoding_, Tag::json_string, unescaped);
  return true;
}

/// Takes off the quotes and unescapes in buffer_ itself: the bytes of a string's inside are not read again.
bool JsonSelector::Walk::text(std::string_view quoted_token, std::string_view& out) {
  if (quoted_token.size() < 2 || quoted_token.back() != '"') {
    return fail(reason::malformed_json, offset(quoted_token), "expected a string");
  }
  const std::string_view escaped = quoted_token.substr(1, quoted_token.size() - 2);
  out = escaped;
  if (!has_escapes_ || escaped.find('\\') == std::string_view::npos) return true;
  char* const begin = buffer_.data() + offset(escaped);
  std::size_t fault = 0;
  const auto length = unescape_in_place(begin, escaped.size(), fault);
  if (!length) return fail(reason::invalid_string, offset(escaped) + fault, "wrong escape in a string");
  out = {begin, *length};
  return true;
}

void JsonSelector::Walk::select(const Node& node, std::size_t begin, Range raw) {
  for (const std::uint32_t target : node.targets) {
    SelectedValue& value = selected_[target];
    value.found = true;
    value.begin = raw.begin;
    value.end = raw.end;
    value.encoding.clear();
    order_.append_ordered(encoding_, {begin, encoding_.size()}, value.encoding);
  }
}

bool JsonSelector::Walk::fail(std::string_view reason, std::size_t at, std::string note) {
  fault_ = {reason, at, std::move(note)};
  return false;
}

/// The next token begins with this character.
bool JsonSelector::Walk::at(char token) const { return !begins_.empty() && buffer_[begins_.front()] == token; }

/// Takes the next token if it is this one of one character.
bool JsonSelector::Walk::unexpected(std::string_view note) {
  return fail(reason::malformed_json, here(), std::string(begins_.empty() ? "the document is not closed" : note));
}

bool JsonSelector::Walk::take(char token) {
  if (!at(token)) return false;
  begins_ = begins_.subspan(1);
  return true;
}

/// The next token with all that follows it up to the one after, but for spaces. There must be one.
std::string_view JsonSelector::Walk::take_token() {
  const std::size_t begin = begins_.front();
  begins_ = begins_.subspan(1);
  const std::string_view token(buffer_.data() + begin, here() - begin);
  return static_cast<unsigned char>(token.back()) > ' ' ? token : without_trailing_space(token);
}

/// Where the next token begins; the document's end behind the last one.
std::size_t JsonSelector::Walk::here() const { return begins_.empty() ? length_ : begins_.front(); }

/// Where a part of buffer_ begins.
std::size_t JsonSelector::Walk::offset(std::string_view token) const {
  return std::min(static_cast<std::size_t>(token.data() - buffer_.data()), length_);
}

JsonSelector::JsonSelector(const std::vector<JsonPointer>& pointers) : walk_(std::make_unique<Walk>(pointers)) {}
JsonSelector::~JsonSelector() = default;
bool JsonSelector::read(std::string_view document) { return walk_->read(document); }
const SelectedValue& JsonSelector::selected(std::size_t pointer) const { return walk_->selected(pointer); }
const JsonFault& JsonSelector::fault() const { return walk_->fault(); }

}  // namespace firstseen::key
