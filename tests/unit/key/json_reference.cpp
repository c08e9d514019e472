#include "json_reference.h"

#include <cstddef>
#include <cstdint>

namespace firstseen::key {
namespace {

class Reference {
 public:
  Reference(std::string_view text, unsigned max_depth) : text_(text), max_depth_(max_depth) {}

  bool document() {
    space();
    if (!value(0)) return false;
    space();
    return at_ == text_.size();
  }

 private:
  int peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? static_cast<std::uint8_t>(text_[at_ + ahead]) : -1;
  }
  bool take(int c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  void space() {
    while (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r') ++at_;
  }
  bool word(std::string_view w) {
    if (text_.substr(at_, w.size()) != w) return false;
    at_ += w.size();
    return true;
  }
  bool digits() {
    if (peek() < '0' || peek() > '9') return false;
    while (peek() >= '0' && peek() <= '9') ++at_;
    return true;
  }

  bool value(unsigned depth) {
    if (peek() == '{') return depth < max_depth_ && object(depth + 1);
    if (peek() == '[') return depth < max_depth_ && array(depth + 1);
    if (peek() == '"') return string();
    return word("true") || word("false") || word("null") || number();
  }

  bool object(unsigned depth) {
    take('{');
    space();
    if (take('}')) return true;
    do {
      space();
      if (!string()) return false;
      space();
      if (!take(':')) return false;
      space();
      if (!value(depth)) return false;
      space();
    } while (take(','));
    return take('}');
  }

  bool array(unsigned depth) {
    take('[');
    space();
    if (take(']')) return true;
    do {
      space();
      if (!value(depth)) return false;
      space();
    } while (take(','));
    return take(']');
  }

  bool number() {
    take('-');
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if (!take('e') && !take('E')) return true;
    if (!take('+')) take('-');
    return digits();
  }

  bool string() {
    if (!take('"')) return false;
    while (!take('"')) {
      if (peek() < 0x20) return false;
      if (!(peek() == '\\' ? escape() : character())) return false;
    }
    return true;
  }

  bool hex4(unsigned& unit) {
    unit = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const int c = peek();
      const bool digit = c >= '0' && c <= '9';
      if (!digit && !(c >= 'a' && c <= 'f') && !(c >= 'A' && c <= 'F')) return false;
      unit = unit * 16 + static_cast<unsigned>(digit ? c - '0' : c >= 'a' ? c - 'a' + 10 : c - 'A' + 10);
    }
    return true;
  }

  bool escape() {
    ++at_;
    if (!take('u')) {
      const bool known =
          peek() > 0 && std::string_view("\"\\/bfnrt").find(static_cast<char>(peek())) != std::string_view::npos;
      ++at_;
      return known;
    }
    unsigned unit = 0;
    if (!hex4(unit) || (unit >= 0xdc00 && unit <= 0xdfff)) return false;
    if (unit < 0xd800 || unit > 0xdbff) return true;
    return take('\\') && take('u') && hex4(unit) && unit >= 0xdc00 && unit <= 0xdfff;
  }

  /// One character by the table of RFC 3629, section 4.
  bool character() {
    const int lead = peek();
    const auto tail = [this](std::size_t i, int low = 0x80, int high = 0xbf) {
      return peek(i) >= low && peek(i) <= high;
    };
    std::size_t size = 0;
    if (lead < 0x80) size = 1;
    if (lead >= 0xc2 && lead <= 0xdf && tail(1)) size = 2;
    if (lead == 0xe0 && tail(1, 0xa0) && tail(2)) size = 3;
    if (((lead >= 0xe1 && lead <= 0xec) || lead == 0xee || lead == 0xef) && tail(1) && tail(2)) size = 3;
    if (lead == 0xed && tail(1, 0x80, 0x9f) && tail(2)) size = 3;
    if (lead == 0xf0 && tail(1, 0x90) && tail(2) && tail(3)) size = 4;
    if (lead >= 0xf1 && lead <= 0xf3 && tail(1) && tail(2) && tail(3)) size = 4;
    if (lead == 0xf4 && tail(1, 0x80, 0x8f) && tail(2) && tail(3)) size = 4;
    at_ += size;
    return size > 0;
  }

  std::string_view text_;
  unsigned max_depth_;
  std::size_t at_ = 0;
};

}  // namespace

bool is_json_by_reference(std::string_view text, unsigned max_depth) { return Reference(text, max_depth).document(); }

}  // namespace firstseen::key
