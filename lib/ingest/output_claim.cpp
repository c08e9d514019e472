#include "ingest/output_claim.h"

#include <fmt/format.h>
#include <sys/xattr.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace firstseen::ingest {
namespace {

/// An attribute's room is scarce; what others need of it is not taken.
constexpr std::size_t most_bytes = 1024;

bool has_no_attributes(int code) { return code == ENOTSUP || code == ENOSYS || code == EPERM || code == EACCES; }

bool has_no_room(int code) { return code == ENOSPC || code == EDQUOT || code == E2BIG || code == ERANGE; }

tl::unexpected<Error> trouble(const char* doing, const std::filesystem::path& path) {
  return fail(Exit::io, fmt::format("cannot {} the attribute {} of the output {}: {}", doing, OutputClaim::attribute,
                                    path.string(), std::strerror(errno)));
}

}  // namespace

Result<std::optional<OutputClaim>> claim_on(int file, const std::filesystem::path& path) {
  std::array<char, most_bytes> text{};
  const ssize_t size = ::fgetxattr(file, OutputClaim::attribute, text.data(), text.size());
  if (size < 0 && (errno == ENODATA || has_no_attributes(errno))) return std::optional<OutputClaim>();
  if (size < 0) return trouble("read", path);
  const std::string_view all(text.data(), static_cast<std::size_t>(size));
  const std::size_t space = std::min(all.find(' '), all.size());
  return std::optional(
      OutputClaim{std::string(all.substr(0, space)), std::string(all.substr(std::min(space + 1, all.size())))});
}

Result<bool> put_claim(int file, const std::filesystem::path& path, const OutputClaim& claim) {
  std::string text = claim.id + " " + claim.directory;
  if (text.size() > most_bytes) text = claim.id;
  if (::fsetxattr(file, OutputClaim::attribute, text.data(), text.size(), 0) == 0) return true;
  if (has_no_attributes(errno) || has_no_room(errno)) return false;
  return trouble("write", path);
}

}  // namespace firstseen::ingest
