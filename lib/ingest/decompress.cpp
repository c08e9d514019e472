#include "ingest/decompress.h"

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

namespace firstseen::ingest {
namespace {

constexpr std::size_t chunk_bytes = 256U << 10U;
constexpr std::string_view gzip_magic("\x1f\x8b", 2);
constexpr std::string_view zstd_magic("\x28\xb5\x2f\xfd", 4);

/// The bytes of a source that were read ahead, then the rest of it.
class Compressed {
 public:
  explicit Compressed(std::unique_ptr<ByteSource> source) : source_(std::move(source)), chunk_(chunk_bytes) {}

  /// Reads until `bytes` are there or the source ends.
  Result<void> look_ahead(std::size_t bytes) {
    while (size_ < bytes) {
      const auto count = source_->read(std::span(chunk_).subspan(size_));
      if (!count) return forward(count.error());
      if (*count == 0) return {};
      size_ += *count;
    }
    return {};
  }
  /// What is there; if nothing, one more read. Empty at the end.
  Result<std::string_view> available() {
    if (used_ == size_) {
      used_ = 0;
      const auto count = source_->read(chunk_);
      if (!count) return forward(count.error());
      size_ = *count;
    }
    return std::string_view(chunk_.data() + used_, size_ - used_);
  }
  void consume(std::size_t bytes) {
    used_ += bytes;
    consumed_ += bytes;
  }

  [[nodiscard]] ByteSource& source() const { return *source_; }
  [[nodiscard]] std::string_view front() const { return {chunk_.data(), size_}; }
  [[nodiscard]] std::uint64_t consumed() const { return consumed_; }

 private:
  std::unique_ptr<ByteSource> source_;
  std::vector<char> chunk_;
  std::size_t used_ = 0;
  std::size_t size_ = 0;
  std::uint64_t consumed_ = 0;
};

/// What the two algorithms and the plain bytes have in common.
class CompressedSource : public ByteSource {
 public:
  explicit CompressedSource(Compressed input) : input_(std::move(input)) {}
  [[nodiscard]] bool would_wait() const override { return input_.source().would_wait(); }
  [[nodiscard]] const std::string& name() const override { return input_.source().name(); }

 protected:
  [[nodiscard]] tl::unexpected<Error> cut_off(std::string_view algorithm) const {
    return fail(Exit::bad_data, fmt::format("{}: the {} data end in the middle, after {} bytes: the file is incomplete",
                                            name(), algorithm, input_.consumed()));
  }
  [[nodiscard]] tl::unexpected<Error> damaged(std::string_view algorithm, std::string_view why) const {
    return fail(Exit::bad_data,
                fmt::format("{}: the {} data are damaged near byte {}: {}", name(), algorithm, input_.consumed(), why));
  }

  Compressed& input() { return input_; }

 private:
  Compressed input_;
};

class PlainSource final : public CompressedSource {
 public:
  using CompressedSource::CompressedSource;
  Result<std::size_t> read(std::span<char> into) override {
    const auto bytes = input().available();
    if (!bytes) return forward(bytes.error());
    const std::size_t count = std::min(into.size(), bytes->size());
    std::copy_n(bytes->begin(), count, into.begin());
    input().consume(count);
    return count;
  }
};

class GzipSource final : public CompressedSource {
 public:
  explicit GzipSource(Compressed input) : CompressedSource(std::move(input)) {
    constexpr int gzip_only = 16 + MAX_WBITS;
    ready_ = inflateInit2(&stream_, gzip_only) == Z_OK;
  }
  ~GzipSource() override {
    if (ready_) inflateEnd(&stream_);
  }
  GzipSource(const GzipSource&) = delete;
  GzipSource& operator=(const GzipSource&) = delete;
  GzipSource(GzipSource&&) = delete;
  GzipSource& operator=(GzipSource&&) = delete;

  Result<std::size_t> read(std::span<char> into) override {
    if (!ready_) return fail(Exit::internal, "zlib has no memory");
    while (true) {
      const auto bytes = input().available();
      if (!bytes) return forward(bytes.error());
      if (bytes->empty() && between_members_) return std::size_t{0};
      if (bytes->empty()) return cut_off("gzip");
      if (std::exchange(between_members_, false)) inflateReset(&stream_);
      const auto made = inflate_some(*bytes, into);
      if (!made || *made != 0) return made;
    }
  }

 private:
  Result<std::size_t> inflate_some(std::string_view bytes, std::span<char> into) {
    constexpr std::size_t most = std::numeric_limits<uInt>::max();
    // zlib does not write through next_in; the pointer lacks a const for historic reasons.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    stream_.next_out = reinterpret_cast<Bytef*>(into.data());
    stream_.avail_out = static_cast<uInt>(std::min(into.size(), most));
    const uInt room = stream_.avail_out;
    const int code = inflate(&stream_, Z_NO_FLUSH);
    input().consume(bytes.size() - stream_.avail_in);
    if (code == Z_STREAM_END) between_members_ = true;
    if (code != Z_OK && code != Z_STREAM_END) {
      return damaged("gzip", stream_.msg != nullptr ? stream_.msg : zError(code));
    }
    return std::size_t{room - stream_.avail_out};
  }

  z_stream stream_{};
  bool ready_ = false;
  bool between_members_ = false;
};

class ZstdSource final : public CompressedSource {
 public:
  explicit ZstdSource(Compressed input) : CompressedSource(std::move(input)), stream_(ZSTD_createDStream()) {}

  Result<std::size_t> read(std::span<char> into) override {
    if (!stream_) return fail(Exit::internal, "zstd has no memory");
    while (true) {
      const auto bytes = input().available();
      if (!bytes) return forward(bytes.error());
      if (bytes->empty() && between_frames_) return std::size_t{0};
      ZSTD_inBuffer in{bytes->data(), bytes->size(), 0};
      ZSTD_outBuffer out{into.data(), into.size(), 0};
      const std::size_t left = ZSTD_decompressStream(stream_.get(), &out, &in);
      input().consume(in.pos);
      if (ZSTD_isError(left) != 0) return damaged("zstd", ZSTD_getErrorName(left));
      between_frames_ = left == 0;  // and all of the frame has been handed out
      if (out.pos != 0) return out.pos;
      if (bytes->empty() && !between_frames_) return cut_off("zstd");
    }
  }

 private:
  struct Free {
    void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
  };
  std::unique_ptr<ZSTD_DStream, Free> stream_;
  bool between_frames_ = false;
};

/// What a file's name says about its bytes; empty: nothing.
std::string_view compression_of(std::string_view name) {
  if (name.ends_with(".gz")) return "gzip";
  return name.ends_with(".zst") ? "zstd" : "";
}

/// Bytes without either magic number, which the name may deny to be plain ones: an upload that was cut off at once, a
/// damaged beginning.
Result<void> check_plain(const std::string& name, bool empty) {
  const std::string_view compression = compression_of(name);
  if (compression.empty()) return {};
  return fail(Exit::bad_data,
              fmt::format("{}: is not a {} file: {}", name, compression,
                          empty ? "empty" : "it does not begin as one; rename it if it is not compressed"));
}

}  // namespace

Result<std::unique_ptr<ByteSource>> decompressed(std::unique_ptr<ByteSource> source) {
  Compressed input(std::move(source));
  if (auto looked = input.look_ahead(zstd_magic.size()); !looked) return forward(looked.error());
  std::unique_ptr<ByteSource> made;
  if (input.front().starts_with(gzip_magic)) {
    made = std::make_unique<GzipSource>(std::move(input));
  } else if (input.front().starts_with(zstd_magic)) {
    made = std::make_unique<ZstdSource>(std::move(input));
  } else {
    if (auto plain = check_plain(input.source().name(), input.front().empty()); !plain) return forward(plain.error());
    made = std::make_unique<PlainSource>(std::move(input));
  }
  return made;
}

}  // namespace firstseen::ingest
