#include "config/expand.h"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

namespace firstseen::config {
namespace {

constexpr std::size_t longest_secret = 64U << 10U;
constexpr std::string_view file_prefix = "file:";

Result<std::string> contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(longest_secret + 1, '\0');
  if (!file || !file.read(text.data(), static_cast<std::streamsize>(text.size())).eof()) {
    if (file && !file.eof()) return fail(Exit::config, fmt::format("the file {} is larger than 64 KiB", path));
    return fail(Exit::config, fmt::format("cannot read the file {}: {}", path, std::generic_category().message(errno)));
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

Result<std::string> value_of(std::string_view name) {
  if (name.starts_with(file_prefix)) return contents(std::string(name.substr(file_prefix.size())));
  if (name.empty()) return fail(Exit::config, "'${}' names no variable; write '$${' for a literal '${'");
  const char* value = std::getenv(std::string(name).c_str());  // NOLINT(concurrency-mt-unsafe): start-up, one thread
  if (value == nullptr) return fail(Exit::config, fmt::format("the environment variable {} is not set", name));
  return std::string(value);
}

}  // namespace

Result<std::string> expand(std::string_view text, std::vector<std::string>* put_in) {
  std::string expanded;
  while (!text.empty()) {
    const std::size_t at = text.find('$');
    expanded += text.substr(0, at);
    if (at == std::string_view::npos) break;
    text.remove_prefix(at);
    if (text.starts_with("$${")) {
      expanded += "${";
      text.remove_prefix(3);
    } else if (text.starts_with("${")) {
      const std::size_t end = text.find('}');
      if (end == std::string_view::npos)
        return fail(Exit::config, "'${' is not closed; write '$${' for a literal '${'");
      auto value = value_of(text.substr(2, end - 2));
      if (!value) return value;
      expanded += *value;
      if (put_in != nullptr) put_in->push_back(std::move(*value));
      text.remove_prefix(end + 1);
    } else {
      expanded += '$';
      text.remove_prefix(1);
    }
  }
  return expanded;
}

bool has_reference(std::string_view text) {
  for (std::size_t at = text.find("${"); at != std::string_view::npos; at = text.find("${", at + 1)) {
    if (at == 0 || text[at - 1] != '$') return true;
  }
  return false;
}

}  // namespace firstseen::config
