#pragma once

#include <array>
#include <filesystem>
#include <string_view>
#include <tl/expected.hpp>

#include "http/complaint.h"

namespace firstseen::http {

/// The bearer token that clients must show; only its SHA-256 is kept.
class Token {
 public:
  /// Reads a file's only line: printable ASCII, 1 to 4096 characters.
  static tl::expected<Token, Complaint> read(const std::filesystem::path& file);
  explicit Token(std::string_view secret);

  /// Whether an Authorization header ("Bearer SECRET") shows it. Takes the same time whatever differs.
  [[nodiscard]] bool matches(std::string_view authorization) const;
  bool operator==(const Token&) const = default;

 private:
  using Hash = std::array<unsigned char, 32>;
  static Hash hash(std::string_view text);
  Hash hash_;
};

}  // namespace firstseen::http
