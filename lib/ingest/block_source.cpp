#include "ingest/block_source.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace firstseen::ingest {
namespace {

Digest digest_of(std::span<const char> bytes) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes.data(), bytes.size()));
  Digest digest;
  static_assert(sizeof digest.bytes == sizeof canonical.digest);
  std::memcpy(digest.bytes.data(), &canonical.digest, sizeof digest.bytes);
  return digest;
}

}  // namespace

BlockSource::BlockSource(std::unique_ptr<ByteSource> source, BlockDigests* into, const BlockDigests* expected)
    : source_(std::move(source)), into_(into), expected_(expected), block_(block_bytes) {}

std::unique_ptr<BlockSource> BlockSource::noting(std::unique_ptr<ByteSource> source, BlockDigests& into) {
  return std::make_unique<BlockSource>(std::move(source), &into, nullptr);
}

std::unique_ptr<BlockSource> BlockSource::checking(std::unique_ptr<ByteSource> source, const BlockDigests& expected) {
  return std::make_unique<BlockSource>(std::move(source), nullptr, &expected);
}

Result<std::size_t> BlockSource::read(std::span<char> into) {
  if (used_ == size_ && !ended_) {
    if (auto next = next_block(); !next) return forward(next.error());
  }
  const std::size_t count = std::min(into.size(), size_ - used_);
  std::copy_n(block_.begin() + static_cast<std::ptrdiff_t>(used_), count, into.begin());
  used_ += count;
  return count;
}

/// A block is whole unless it is the last: what a writer appends later makes no block of its own.
Result<void> BlockSource::next_block() {
  size_ = 0;
  used_ = 0;
  while (size_ < block_.size() && !ended_) {
    const auto count = source_->read(std::span(block_).subspan(size_));
    if (!count) return forward(count.error());
    size_ += *count;
    ended_ = *count == 0;
  }
  if (size_ != 0) {
    const Digest digest = digest_of(std::span(block_).first(size_));
    if (into_ != nullptr) into_->push_back(digest);
    if (expected_ != nullptr && (blocks_ >= expected_->size() || expected_->at(blocks_) != digest)) return changed();
    ++blocks_;
  }
  if (ended_ && expected_ != nullptr && blocks_ != expected_->size()) return changed();
  return {};
}

tl::unexpected<Error> BlockSource::changed() {
  size_ = 0;
  return fail(Exit::bad_data,
              fmt::format("{}: the file changed while it was being read: the next run takes it up again", name()));
}

}  // namespace firstseen::ingest
