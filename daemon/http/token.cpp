#include "http/token.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace firstseen::http {
namespace {

constexpr std::size_t longest_token = 4096;
constexpr std::string_view scheme = "Bearer ";

bool printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

}  // namespace

tl::expected<Token, Complaint> Token::read(const std::filesystem::path& file) {
  const auto refuse = [](std::string why) {
    return tl::unexpected(Complaint{"http.token_file", "names a file that " + std::move(why)});
  };
  const auto unreadable = [&](int error) {
    return refuse("cannot be read: " + std::generic_category().message(error));
  };
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) return unreadable(EISDIR);
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return unreadable(errno);
  std::string text(longest_token + 2, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(0, stream.gcount())));
  if (stream.bad()) return unreadable(EIO);
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  if (text.empty()) return refuse("is empty; it must hold a token");
  if (text.size() > longest_token) {
    return refuse("is longer than 4096 characters; it must hold a token and nothing else");
  }
  if (!printable(text)) return refuse("must hold one line of ASCII characters without spaces, a token");
  return Token(text);
}

Token::Token(std::string_view secret) : hash_(hash(secret)) {}

Token::Hash Token::hash(std::string_view text) {
  Hash made{};
  if (EVP_Digest(text.data(), text.size(), made.data(), nullptr, EVP_sha256(), nullptr) != 1) {
    throw std::runtime_error("OpenSSL computes no SHA-256");
  }
  return made;
}

bool Token::matches(std::string_view authorization) const {
  const auto same_letter = [](char wanted, char given) {
    return wanted == given || (wanted != ' ' && (wanted | 0x20) == (given | 0x20));
  };
  const bool bearer = authorization.size() >= scheme.size() &&
                      std::equal(scheme.begin(), scheme.end(), authorization.begin(), same_letter);
  if (!bearer) return false;
  const Hash shown = hash(authorization.substr(scheme.size()));
  return CRYPTO_memcmp(shown.data(), hash_.data(), hash_.size()) == 0;
}

}  // namespace firstseen::http
