#include "base/advice.h"

namespace firstseen {
namespace {

constexpr std::string_view plain =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    "_-./:,+@%";

/// The directory from which it is relative is this process's, and not that of whoever reads the advice.
std::string option(std::string_view name, const std::filesystem::path& path) {
  if (path.empty()) return {};
  return std::string(name) + shell_word(std::filesystem::absolute(path).lexically_normal().native());
}

}  // namespace

std::string shell_quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

std::string shell_word(std::string_view text) {
  const bool is_plain = !text.empty() && text.find_first_not_of(plain) == std::string_view::npos;
  return is_plain ? std::string(text) : shell_quoted(text);
}

std::string Advice::by_store(std::string_view command, std::string_view operands) const {
  std::string text = "firstseen " + std::string(command) + option(" --store ", store);
  if (!operands.empty()) text += " " + std::string(operands);
  return text;
}

std::string Advice::by_config(std::string_view command) const {
  return "firstseen " + std::string(command) + option(" --config ", config);
}

}  // namespace firstseen
