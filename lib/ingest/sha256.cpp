#include "ingest/sha256.h"

#include <openssl/evp.h>

#include <array>
#include <utility>
#include <vector>

#include "base/hex.h"

namespace firstseen::ingest {
namespace {
constexpr std::size_t chunk_bytes = 256U << 10U;
}  // namespace

void Sha256::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Result<Sha256> Sha256::make() {
  std::unique_ptr<evp_md_ctx_st, Free> context(EVP_MD_CTX_new());
  if (!context || EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) != 1) {
    return fail(Exit::internal, "OpenSSL does not offer SHA-256");
  }
  return Sha256(std::move(context));
}

void Sha256::add(std::string_view bytes) {
  static_cast<void>(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()));  // memory only: cannot fail
}

std::string Sha256::hex() {
  std::array<std::uint8_t, 32> digest{};
  static_cast<void>(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr));
  return to_hex(digest);
}

Result<std::unique_ptr<HashingSource>> HashingSource::make(std::unique_ptr<ByteSource> source) {
  auto sha256 = Sha256::make();
  if (!sha256) return forward(sha256.error());
  return std::make_unique<HashingSource>(std::move(source), std::move(*sha256));
}

Result<std::size_t> HashingSource::read(std::span<char> into) {
  auto count = source_->read(into);
  if (!count) return count;
  sha256_.add({into.data(), *count});
  bytes_ += *count;
  return count;
}

Result<std::string> HashingSource::hex_of_everything() {
  std::vector<char> rest(chunk_bytes);
  while (true) {
    const auto count = read(rest);
    if (!count) return forward(count.error());
    if (*count == 0) return sha256_.hex();
  }
}

}  // namespace firstseen::ingest
