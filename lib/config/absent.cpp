#include "config/absent.h"

#include <unistd.h>

#include <cstdlib>
#include <optional>
#include <vector>

namespace firstseen::config {
namespace {

constexpr std::string_view file_prefix = "file:";

const char* variable(const std::string& name) {
  return std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): nobody sets any
}

bool can_be_read(const std::string& file) { return ::access(file.c_str(), R_OK) == 0; }

/// What stands between ${ and }; nothing when one of them is not closed, or empty.
std::optional<std::vector<std::string>> names_in(std::string_view text) {
  std::vector<std::string> names;
  for (std::size_t at = text.find('$'); at != std::string_view::npos; at = text.find('$')) {
    text.remove_prefix(at);
    if (text.starts_with("$${")) {
      text.remove_prefix(3);
    } else if (text.starts_with("${")) {
      const std::size_t end = text.find('}');
      if (end == std::string_view::npos || end == 2) return std::nullopt;
      names.emplace_back(text.substr(2, end - 2));
      text.remove_prefix(end + 1);
    } else {
      text.remove_prefix(1);
    }
  }
  return names;
}

}  // namespace

bool is_absent_credential(const std::string& file) {
  if (!file.starts_with("/run/credentials/") || can_be_read(file)) return false;
  const char* own = variable("CREDENTIALS_DIRECTORY");
  return own == nullptr || !file.starts_with(std::string(own) + "/");
}

bool may_be_left_out(Absent which, std::string_view option, std::string_view text) {
  if (which == Absent::refuse) return false;
  if (!option.starts_with("kafka.properties.") && !option.starts_with("http.")) return false;
  const auto names = names_in(text);
  if (!names) return false;
  bool some = false;
  for (const std::string& name : *names) {
    const bool is_file = name.starts_with(file_prefix);
    const std::string file = is_file ? name.substr(file_prefix.size()) : std::string();
    if (is_file ? can_be_read(file) : variable(name) != nullptr) continue;
    if (which == Absent::credentials && !(is_file && is_absent_credential(file))) return false;
    some = true;
  }
  return some;
}

}  // namespace firstseen::config
