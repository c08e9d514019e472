#include "config/brokers.h"

namespace firstseen::config {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

}  // namespace

std::vector<std::string> brokers_in(std::string_view item) {
  std::vector<std::string> brokers;
  while (true) {
    const auto comma = item.find(',');
    brokers.emplace_back(trimmed(item.substr(0, comma)));
    if (comma == std::string_view::npos) return brokers;
    item.remove_prefix(comma + 1);
  }
}

}  // namespace firstseen::config
