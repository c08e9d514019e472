#include "key/digester.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <xxhash.h>

#include <algorithm>
#include <cstring>

namespace firstseen::key {
namespace {

struct FreeMd {
  void operator()(EVP_MD* md) const { EVP_MD_free(md); }
};
struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Md = std::unique_ptr<EVP_MD, FreeMd>;
using MdContext = std::unique_ptr<EVP_MD_CTX, FreeContext>;

/// An OpenSSL message digest; fetched once, because a fetch costs more than a hash.
class OpensslDigester final : public Digester {
 public:
  OpensslDigester(Md md, MdContext context) : md_(std::move(md)), context_(std::move(context)) {}

  bool hash(std::string_view bytes, FullDigest& out) override {
    unsigned size = 0;
    const bool done = EVP_DigestInit_ex2(context_.get(), md_.get(), nullptr) == 1 &&
                      EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1 &&
                      EVP_DigestFinal_ex(context_.get(), out.bytes.data(), &size) == 1;
    out.size = size;
    return done && size >= sizeof(Digest);
  }

 private:
  Md md_;
  MdContext context_;
};

/// XXH3, 128 bits, seed 0, in the canonical form (high half first, big-endian) that xxhsum prints.
class Xxh3Digester final : public Digester {
 public:
  bool hash(std::string_view bytes, FullDigest& out) override {
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes.data(), bytes.size()));
    std::memcpy(out.bytes.data(), canonical.digest, sizeof canonical.digest);
    out.size = sizeof canonical.digest;
    return true;
  }
};

const char* openssl_name(DigestAlgorithm algorithm) {
  switch (algorithm) {
    case DigestAlgorithm::sha512:
      return "SHA2-512";
    case DigestAlgorithm::blake2b512:
      return "BLAKE2B-512";
    default:
      return "SHA2-256";
  }
}

}  // namespace

Digest FullDigest::stored() const {
  Digest digest;
  std::copy_n(bytes.begin(), digest.bytes.size(), digest.bytes.begin());
  return digest;
}

Result<std::unique_ptr<Digester>> Digester::make(DigestAlgorithm algorithm) {
  if (algorithm == DigestAlgorithm::xxh3_128) return std::make_unique<Xxh3Digester>();
  Md md(EVP_MD_fetch(nullptr, openssl_name(algorithm), nullptr));
  MdContext context(EVP_MD_CTX_new());
  if (!md || !context) {
    return fail(Exit::config, fmt::format("OpenSSL does not offer the digest '{}' on this machine (its configuration "
                                          "may allow only FIPS algorithms); choose another key.digest",
                                          digest_name(algorithm)));
  }
  return std::make_unique<OpensslDigester>(std::move(md), std::move(context));
}

std::string_view digest_name(DigestAlgorithm algorithm) {
  switch (algorithm) {
    case DigestAlgorithm::sha256:
      return "sha256";
    case DigestAlgorithm::sha512:
      return "sha512";
    case DigestAlgorithm::blake2b512:
      return "blake2b512";
    case DigestAlgorithm::xxh3_128:
      return "xxh3_128";
  }
  return "unknown";
}

}  // namespace firstseen::key
