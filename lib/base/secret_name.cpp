#include "base/secret_name.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

namespace firstseen {
namespace {

std::string lower(std::string_view text) {
  std::string lowered(text);
  std::ranges::transform(lowered, lowered.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lowered;
}

}  // namespace

bool is_secret_name(std::string_view property) {
  constexpr std::array<std::string_view, 10> marks{
      "password",           "secret", "token", "ssl.key", "private", "credential", "jaas", "keystore",
      "oauthbearer.config", ".pem"};
  if (is_path_name(property)) return false;
  const std::string name = lower(property);
  return std::ranges::any_of(marks, [&](std::string_view mark) { return name.find(mark) != std::string::npos; });
}

bool is_path_name(std::string_view property) {
  constexpr std::array<std::string_view, 3> ends{".location", ".file", ".keytab"};
  const std::string name = lower(property);
  return std::ranges::any_of(ends, [&](std::string_view end) { return name.ends_with(end); });
}

}  // namespace firstseen
