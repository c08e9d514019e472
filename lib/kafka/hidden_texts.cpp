#include "kafka/hidden_texts.h"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <string_view>

#include "base/secret_name.h"
#include "kafka/property_table.h"

namespace firstseen::kafka {

namespace {

constexpr std::size_t shortest_piece = 4;

/// Which bytes of a text are to be hidden.
using Marks = std::vector<bool>;

void mark(Marks& marks, std::size_t begin, std::size_t end) {
  std::fill(marks.begin() + static_cast<std::ptrdiff_t>(begin), marks.begin() + static_cast<std::ptrdiff_t>(end), true);
}

bool stands_alone(std::string_view text, std::size_t begin, std::size_t end) {
  const auto of_word = [&](std::size_t at) { return std::isalnum(static_cast<unsigned char>(text[at])) != 0; };
  return (begin == 0 || !of_word(begin - 1)) && (end == text.size() || !of_word(end));
}

void mark_whole(std::string_view text, std::string_view hidden, Marks& marks) {
  for (std::size_t at = text.find(hidden); at != std::string_view::npos; at = text.find(hidden, at + 1)) {
    const std::size_t end = at + hidden.size();
    if (hidden.size() >= shortest_piece || stands_alone(text, at, end)) mark(marks, at, end);
  }
}

/// librdkafka cuts what is too long for its buffers.
void mark_cut(std::string_view text, std::string_view hidden, Marks& marks) {
  for (std::size_t size = std::min(hidden.size(), text.size()); size >= shortest_piece; --size) {
    if (text.ends_with(hidden.substr(0, size))) return mark(marks, text.size() - size, text.size());
  }
}

/// "...: PIECE" at the end, as for an entry of sasl.oauthbearer.config.
void mark_quoted_piece(std::string_view text, std::string_view hidden, Marks& marks) {
  constexpr std::string_view colon = ": ";
  for (std::size_t at = text.find(colon); at != std::string_view::npos; at = text.find(colon, at + 1)) {
    const std::size_t begin = at + colon.size();
    if (begin == text.size() || hidden.find(text.substr(begin)) == std::string_view::npos) continue;
    return mark(marks, begin, text.size());
  }
}

/// A number or a choice.
bool one_of_few(const std::string& property) {
  const auto found = property_table().find(property);
  return found != property_table().end() && !found->second.range.empty();
}

}  // namespace

HiddenTexts::HiddenTexts(const ClientOptions& options) {
  // A part of a name that is shown anyhow: without it nobody knows which broker is meant.
  const auto known = [&](const std::string& text) {
    const auto holds_it = [&](const std::string& shown) { return shown.find(text) != std::string::npos; };
    return holds_it(options.group) || std::ranges::any_of(options.brokers, holds_it);
  };
  for (const auto& [name, value] : options.properties) {
    if (is_secret_name(name)) texts_.push_back(value);
  }
  for (const auto& [name, texts] : options.put_in) {
    if (one_of_few(name) || is_path_name(name)) continue;
    const bool secret = is_secret_name(name);
    std::ranges::copy_if(texts, std::back_inserter(texts_),
                         [&](const std::string& text) { return secret || !known(text); });
  }
  std::erase(texts_, "");
}

std::string HiddenTexts::removed_from(const std::string& text) const {
  Marks marks(text.size(), false);
  constexpr std::string_view quoting = "beginning at: ";
  if (const auto at = text.find(quoting); at != std::string::npos) mark(marks, at + quoting.size(), text.size());
  for (const std::string& hidden : texts_) {
    mark_whole(text, hidden, marks);
    mark_cut(text, hidden, marks);
    mark_quoted_piece(text, hidden, marks);
  }
  std::string shown;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!marks[i]) {
      shown += text[i];
    } else if (i == 0 || !marks[i - 1]) {
      shown += "<redacted>";
    }
  }
  return shown;
}

}  // namespace firstseen::kafka
