#include "key/json_selector.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cstring>

#include "key/encoding.h"
#include "key/json_fault.h"
#include "key/json_number.h"
#include "key/json_order.h"
#include "key/json_text.h"
#include "key/reasons.h"

namespace firstseen::key {
namespace {

namespace od = simdjson::ondemand;

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

/// By the bytes of their names; repeats in the document's order.
bool by_name(const Member& a, const Member& b) {
  const int order = a.name.compare(b.name);
  return order != 0 ? order < 0 : a.at < b.at;
}

}  // namespace

/// One walk through a document. simdjson finds the tokens (and checks UTF-8 and the strings' ends) and On-Demand steps
/// through them in order; names, strings, numbers and literals are checked here, because On-Demand does not check what
/// nobody reads and rounds what it reads. Functions return false once fault_ is set.
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
  bool start(std::string_view document, od::document& out);
  bool read_container_root(od::document& document, char first);
  bool read_scalar_root(std::string_view text);
  bool value(od::value value, Way way);
  template <class Source>
  bool container(Source& source, char first, Way way);
  bool object(od::object object, Way way);
  bool array(od::array array, Way way);
  bool member(od::field field, Way way);
  bool close_object(std::size_t first, bool encode);
  bool scalar(std::string_view token, bool encode);
  bool string(std::string_view quoted_token, bool encode);
  bool name(const char* behind_quote, std::string_view& out);
  bool text(std::string_view escaped, std::string_view& out);
  void select(const Node& node, std::size_t begin, Range raw);

  bool fail(std::string_view reason, std::size_t at, std::string note);
  bool fail_not_closed();
  std::size_t here();
  std::size_t offset(std::string_view token) const;

  PointerTree tree_;
  std::vector<SelectedValue> selected_;
  JsonFault fault_;
  od::parser parser_;
  std::vector<char> buffer_;          ///< the document, with the padding that simdjson reads beyond its end
  std::size_t length_ = 0;            ///< of the document in buffer_
  od::document* document_ = nullptr;  ///< the one being walked
  std::string encoding_;              ///< of the value being encoded, members in the document's order
  std::vector<Member> members_;       ///< of the objects that are open, innermost last
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

  od::document walked;
  const bool container = document[first] == '{' || document[first] == '[';
  const bool valid =
      start(document, walked) && (container ? read_container_root(walked, document[first])
                                            : read_scalar_root({buffer_.data() + first, document.size() - first}));
  document_ = nullptr;
  if (document.size() > keep_bytes) {
    parser_ = od::parser{};
    buffer_ = {};
    encoding_ = {};
  }
  return valid;
}

/// Grows in powers of two, so that documents of slowly growing sizes do not allocate each time.
bool JsonSelector::Walk::reserve(std::size_t length) {
  std::size_t capacity = std::max<std::size_t>(parser_.capacity(), 4096);
  while (capacity < length) capacity *= 2;
  if (capacity > simdjson::SIMDJSON_MAXSIZE_BYTES) capacity = simdjson::SIMDJSON_MAXSIZE_BYTES;
  if (length > capacity ||
      (capacity > parser_.capacity() && parser_.allocate(capacity, max_json_depth + 8) != simdjson::SUCCESS)) {
    return fail(reason::payload_too_large, 0, "the value is too large to be read as JSON");
  }
  if (buffer_.size() < length + simdjson::SIMDJSON_PADDING) buffer_.resize(capacity + simdjson::SIMDJSON_PADDING);
  return true;
}

bool JsonSelector::Walk::start(std::string_view document, od::document& out) {
  const simdjson::padded_string_view padded(buffer_.data(), document.size(), buffer_.size());
  if (parser_.iterate(padded).get(out) != simdjson::SUCCESS) {
    fault_ = first_pass_fault(document);
    return false;
  }
  document_ = &out;
  return true;
}

bool JsonSelector::Walk::read_container_root(od::document& document, char first) {
  const bool selected = !tree_.root().targets.empty();
  const bool on_the_way = selected || !tree_.root().steps.empty();
  const Way inner{on_the_way ? &tree_.root() : nullptr, selected, 0};
  if (!container(document, first, inner)) return false;
  if (document.current_location().error() != simdjson::OUT_OF_BOUNDS)
    return fail(reason::trailing_data, here(), "something follows the document");
  if (selected) select(tree_.root(), 0, {0, length_});
  return true;
}

bool JsonSelector::Walk::read_scalar_root(std::string_view text) {
  std::string_view token = text;
  if (text.front() == '"') {
    std::size_t end = 1;
    while (text[end] != '"') end += text[end] == '\\' ? 2U : 1U;
    token = text.substr(0, end + 1);
  } else {
    token = text.substr(0, text.find_first_of(" \t\n\r"));
  }
  const bool selected = !tree_.root().targets.empty();
  if (!scalar(token, selected)) return false;
  const std::string_view rest = without_trailing_space(text.substr(token.size()));
  if (!rest.empty()) {
    const std::size_t at = rest.find_first_not_of(" \t\n\r");
    return fail(reason::trailing_data, offset(rest) + at, "something follows the document");
  }
  if (selected) select(tree_.root(), 0, {offset(token), offset(token) + token.size()});
  return true;
}

bool JsonSelector::Walk::value(od::value value, Way way) {
  const std::string_view token = without_trailing_space(value.raw_json_token());
  const char first = token.empty() ? '\0' : token.front();
  const bool selected = way.node != nullptr && !way.node->targets.empty();
  const std::size_t begin = encoding_.size();
  const Way inner{way.node, way.encode || selected, way.depth};

  const bool is_container = first == '{' || first == '[';
  if (is_container) {
    if (!container(value, first, inner)) return false;
  } else if (first == '"') {
    // Consumed here, because On-Demand would take a string that it skips for a name if a colon followed.
    if (value.get_raw_json_string().error() != simdjson::SUCCESS)
      return fail(reason::malformed_json, here(), "no value");
    if (!string(token, inner.encode)) return false;
  } else if (!scalar(token, inner.encode)) {
    return false;
  }
  if (selected) {
    const std::size_t raw_begin = offset(token);
    const std::size_t raw_end = is_container ? here() : raw_begin + token.size();
    select(*way.node, begin, {raw_begin, raw_end});
    if (!way.encode) {
      encoding_.clear();
      order_.clear();
    }
  }
  return true;
}

/// Opens an array or object of `source`, a document or a value.
template <class Source>
bool JsonSelector::Walk::container(Source& source, char first, Way way) {
  if (way.depth == max_json_depth) return fail(reason::nested_too_deeply, here(), "nested too deeply");
  if (first == '{') {
    od::object opened;
    return source.get_object().get(opened) == simdjson::SUCCESS ? object(opened, way) : fail_not_closed();
  }
  od::array opened;
  return source.get_array().get(opened) == simdjson::SUCCESS ? array(opened, way) : fail_not_closed();
}

bool JsonSelector::Walk::object(od::object object, Way way) {
  const std::size_t first = members_.size();
  if (way.encode) append_tag(encoding_, Tag::json_object);
  for (auto next : object) {
    od::field field;
    if (std::move(next).get(field) != simdjson::SUCCESS) {
      return fail(reason::malformed_json, here(), "expected a member name, ':', ',' or '}'");
    }
    if (!member(field, {way.node, way.encode, way.depth + 1})) return false;
  }
  return close_object(first, way.encode);
}

bool JsonSelector::Walk::member(od::field field, Way way) {
  const char* const behind_quote = field.key().raw();
  std::string_view member_name;
  if (!name(behind_quote, member_name)) return false;
  const Node* const node = way.node != nullptr ? tree_.member(*way.node, member_name) : nullptr;
  const std::size_t begin = encoding_.size();
  if (way.encode) append_sized(encoding_, Tag::json_string, member_name);
  if (!value(field.value(), {node, way.encode, way.depth})) return false;
  if (way.encode || way.node != nullptr) {
    members_.push_back({member_name, offset({behind_quote - 1, 1}), {begin, encoding_.size()}});
  }
  return true;
}

/// Refuses repeated names, notes the order of the members, and forgets them.
bool JsonSelector::Walk::close_object(std::size_t first, bool encode) {
  const auto begin = members_.begin() + static_cast<std::ptrdiff_t>(first);
  if (!std::is_sorted(begin, members_.end(), by_name)) {
    std::sort(begin, members_.end(), by_name);
    if (encode) order_.note(members_, first);
  }
  const auto repeated =
      std::adjacent_find(begin, members_.end(), [](const Member& a, const Member& b) { return a.name == b.name; });
  if (repeated != members_.end()) {
    return fail(reason::repeated_member, (repeated + 1)->at,
                fmt::format("the member {} is repeated", json_quoted(repeated->name)));
  }
  members_.erase(begin, members_.end());
  if (encode) append_tag(encoding_, Tag::json_end);
  return true;
}

bool JsonSelector::Walk::array(od::array array, Way way) {
  if (way.encode) append_tag(encoding_, Tag::json_array);
  std::uint64_t index = 0;
  for (auto next : array) {
    od::value element;
    if (std::move(next).get(element) != simdjson::SUCCESS) {
      return fail(reason::malformed_json, here(), "expected ',' or ']'");
    }
    const Node* const node = way.node != nullptr ? tree_.element(*way.node, index) : nullptr;
    if (!value(element, {node, way.encode, way.depth + 1})) return false;
    ++index;
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
  if (!text(quoted_token.substr(1, quoted_token.size() - 2), unescaped)) return false;
  if (encode) append_sized(encoding_, Tag::json_string, unescaped);
  return true;
}

/// A member's name, whose end On-Demand does not tell.
bool JsonSelector::Walk::name(const char* behind_quote, std::string_view& out) {
  const char* end = behind_quote;
  while (*end != '"') end += *end == '\\' ? 2 : 1;
  return text({behind_quote, static_cast<std::size_t>(end - behind_quote)}, out);
}

/// Unescapes in buffer_ itself: the bytes of a string's inside are not read again.
bool JsonSelector::Walk::text(std::string_view escaped, std::string_view& out) {
  out = escaped;
  if (escaped.find('\\') == std::string_view::npos) return true;
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

/// On-Demand opens every array and object but a root whose last token is not its closing bracket.
bool JsonSelector::Walk::fail_not_closed() {
  fault_ = not_closed_fault({buffer_.data(), length_});
  return false;
}

/// The token that On-Demand stands at; the document's end behind the last one.
std::size_t JsonSelector::Walk::here() {
  const char* at = nullptr;
  if (document_ == nullptr || document_->current_location().get(at) != simdjson::SUCCESS) return length_;
  return offset({at, 1});
}

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
