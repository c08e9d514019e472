#include "read_text.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <istream>
#include <system_error>

namespace firstseen {

Error cannot_read(const std::string& name) {
  const std::string why = errno == 0 ? "" : ": " + std::generic_category().message(errno);
  return {.action = Action::stop, .exit = Exit::io, .message = fmt::format("cannot read {}{}", name, why)};
}

Result<std::string> read_text(std::istream& input, const std::string& name) {
  std::string text;
  std::array<char, 65536> block{};
  errno = 0;
  // Not through istreambuf_iterator: it lets the stream buffer's exceptions out.
  while (input.read(block.data(), block.size()) || input.gcount() > 0) {
    text.append(block.data(), static_cast<std::size_t>(input.gcount()));
  }
  if (!input.bad()) return text;
  return forward(cannot_read(name));
}

}  // namespace firstseen
