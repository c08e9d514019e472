#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace firstseen::top {

/// Of a terminal, in characters.
struct Size {
  std::size_t rows = 24;
  std::size_t columns = 80;
};

enum class Style { plain, bold, good, warning, bad };

/// One line, as long as it likes; fitted when it is drawn.
struct Line {
  std::string text;
  Style style = Style::plain;
};
using Frame = std::vector<Line>;

/// The text without what a terminal would obey (control characters become '?', broken UTF-8, too), cut to so many
/// characters.
std::string fitted(std::string_view text, std::size_t columns);

/// The escape sequences (ECMA-48) that show a frame from the top left corner on, over whatever stood there; what is
/// beyond `size` is left out.
std::string drawn(const Frame& frame, Size size);

/// The frame without any, one line each.
std::string plain(const Frame& frame);

}  // namespace firstseen::top
