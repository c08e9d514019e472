#include "key/json_pointer.h"

#include <fmt/format.h>

#include <charconv>

#include "key/json_text.h"

namespace firstseen::key {
namespace {

/// RFC 6901, section 4: "0", or digits that do not begin with 0.
std::optional<std::uint64_t> array_index(std::string_view token) {
  if (token.empty() || (token.size() > 1 && token.front() == '0')) return std::nullopt;
  std::uint64_t index = 0;
  const auto [end, code] = std::from_chars(token.data(), token.data() + token.size(), index);
  if (code != std::errc{} || end != token.data() + token.size()) return std::nullopt;
  return index;
}

std::optional<std::string> unescape_token(std::string_view token) {
  std::string name;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] != '~') {
      name += token[i];
      continue;
    }
    ++i;
    if (i == token.size() || (token[i] != '0' && token[i] != '1')) return std::nullopt;
    name += token[i] == '0' ? '~' : '/';
  }
  return name;
}

}  // namespace

Result<JsonPointer> parse_json_pointer(std::string_view text) {
  JsonPointer pointer;
  if (const auto at = find_invalid_utf8(text)) {
    return fail(Exit::config, fmt::format("the JSON pointer is not UTF-8 (byte {})", *at));
  }
  if (!text.empty() && text.front() != '/') {
    return fail(Exit::config, fmt::format("'{}' is not a JSON pointer: begin it with '/', as in '/order/id'", text));
  }
  while (!text.empty()) {
    text.remove_prefix(1);
    const std::string_view token = text.substr(0, text.find('/'));
    text.remove_prefix(token.size());
    auto name = unescape_token(token);
    if (!name) {
      return fail(Exit::config,
                  fmt::format("'{}' is not a part of a JSON pointer: write '~0' for '~' and '~1' for '/'", token));
    }
    pointer.push_back(std::move(*name));
  }
  return pointer;
}

PointerTree::PointerTree(const std::vector<JsonPointer>& pointers) : nodes_(1) {
  for (std::uint32_t target = 0; target < pointers.size(); ++target) {
    std::uint32_t node = 0;
    for (const std::string& name : pointers[target]) node = step_into(node, name);
    nodes_[node].targets.push_back(target);
  }
}

std::uint32_t PointerTree::step_into(std::uint32_t node, const std::string& name) {
  for (const Step& step : nodes_[node].steps) {
    if (step.name == name) return step.node;
  }
  const auto next = static_cast<std::uint32_t>(nodes_.size());
  nodes_.emplace_back();
  nodes_[node].steps.push_back({name, array_index(name), next});
  return next;
}

const PointerTree::Node* PointerTree::member(const Node& node, std::string_view name) const {
  for (const Step& step : node.steps) {
    if (step.name == name) return &nodes_[step.node];
  }
  return nullptr;
}

const PointerTree::Node* PointerTree::element(const Node& node, std::uint64_t index) const {
  for (const Step& step : node.steps) {
    if (step.index == index) return &nodes_[step.node];
  }
  return nullptr;
}

}  // namespace firstseen::key
