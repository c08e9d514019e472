#include "key/joined_key.h"

#include <fmt/format.h>

#include <vector>

#include "base/hex.h"
#include "key/digester.h"

namespace firstseen::key {
namespace {

/// Parts are counted from 1.
std::string part_name(std::size_t index) { return fmt::format("part {}", index + 1); }

}  // namespace

Result<std::string> join_parts(std::span<const std::string_view> parts, std::string_view separator) {
  if (parts.empty()) return fail(Exit::bad_data, "a joined key needs at least one part");
  if (separator.empty()) return fail(Exit::bad_data, "a joined key needs a separator: without one, parts run together");
  std::string joined;
  std::vector<std::size_t> separators;  // where they stand
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (const std::size_t at = parts[i].find(separator); at != std::string_view::npos) {
      return fail(Exit::bad_data,
                  fmt::format("{} of the key contains the separator '{}' (byte {}), so other parts would give the same "
                              "key: choose a separator that no part contains",
                              part_name(i), separator, at));
    }
    if (i > 0) {
      separators.push_back(joined.size());
      joined += separator;
    }
    joined += parts[i];
  }
  std::size_t next = 0;
  for (std::size_t at = joined.find(separator); at != std::string::npos; at = joined.find(separator, at + 1)) {
    if (next < separators.size() && at == separators[next]) {
      ++next;
      continue;
    }
    return fail(
        Exit::bad_data,
        fmt::format("{} of the key and a separator '{}' beside it make one more separator, so other parts would "
                    "give the same key: choose another separator",
                    part_name(next), separator));
  }
  return joined;
}

Result<std::string> joined_key(std::span<const std::string_view> parts, std::string_view separator) {
  const auto joined = join_parts(parts, separator);
  if (!joined) return forward(joined.error());
  return sha256_hex(*joined);
}

Result<std::string> sha256_hex(std::string_view text) {
  auto sha256 = Digester::make(DigestAlgorithm::sha256);
  if (!sha256) return forward(sha256.error());
  FullDigest digest;
  if (!(*sha256)->hash(text, digest)) return fail(Exit::internal, "OpenSSL could not compute a SHA-256");
  return to_hex(digest.view());
}

}  // namespace firstseen::key
