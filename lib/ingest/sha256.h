#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "ingest/byte_source.h"

struct evp_md_ctx_st;

namespace firstseen::ingest {

/// SHA-256 of bytes that come piece by piece, by OpenSSL. One thread.
class Sha256 {
 public:
  /// Fails with Exit::internal when OpenSSL does not offer the algorithm.
  static Result<Sha256> make();

  void add(std::string_view bytes);
  /// 64 lower-case hexadecimal digits; nothing may be added afterwards.
  std::string hex();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  explicit Sha256(std::unique_ptr<evp_md_ctx_st, Free> context) : context_(std::move(context)) {}

  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

/// Passes a source's bytes on and takes their SHA-256.
class HashingSource final : public ByteSource {
 public:
  static Result<std::unique_ptr<HashingSource>> make(std::unique_ptr<ByteSource> source);

  HashingSource(std::unique_ptr<ByteSource> source, Sha256 sha256)
      : source_(std::move(source)), sha256_(std::move(sha256)) {}

  Result<std::size_t> read(std::span<char> into) override;
  [[nodiscard]] bool would_wait() const override { return source_->would_wait(); }
  [[nodiscard]] const std::string& name() const override { return source_->name(); }

  /// Reads what nobody has read yet, then the digest of all of it. Nothing may be read afterwards.
  Result<std::string> hex_of_everything();
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  std::unique_ptr<ByteSource> source_;
  Sha256 sha256_;
  std::uint64_t bytes_ = 0;
};

}  // namespace firstseen::ingest
