#pragma once

#include <array>
#include <filesystem>
#include <string_view>

#include "base/error.h"

namespace firstseen::http {

/// The bearer token that clients must show; only its SHA-256 is kept.
class Token {
 public:
  /// Reads a file's first line: printable ASCII, 1 to 4096 characters. Anything else is Exit::config.
  static Result<Token> read(const std::filesystem::path& file);
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
