#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/digest.h"
#include "ingest/byte_source.h"

namespace firstseen::ingest {

/// What a file's blocks of BlockSource::block_bytes were at its first reading, in order; the last one may be shorter.
using BlockDigests = std::vector<Digest>;

/// Reads a source block by block, so that a second reading gives no byte that the first one did not give at the same
/// place: a file that is written to, grows or is replaced meanwhile is found out before anything is made of it.
class BlockSource final : public ByteSource {
 public:
  static constexpr std::size_t block_bytes = std::size_t{1} << 20U;

  /// The first reading: appends the digests to `into`, which outlives this.
  static std::unique_ptr<BlockSource> noting(std::unique_ptr<ByteSource> source, BlockDigests& into);
  /// A further one: Exit::bad_data at the first block that is not as `expected`, which outlives this, or is missing.
  static std::unique_ptr<BlockSource> checking(std::unique_ptr<ByteSource> source, const BlockDigests& expected);

  BlockSource(std::unique_ptr<ByteSource> source, BlockDigests* into, const BlockDigests* expected);

  Result<std::size_t> read(std::span<char> into) override;
  [[nodiscard]] bool would_wait() const override { return used_ == size_ && source_->would_wait(); }
  [[nodiscard]] const std::string& name() const override { return source_->name(); }

 private:
  Result<void> next_block();
  tl::unexpected<Error> changed();

  std::unique_ptr<ByteSource> source_;
  BlockDigests* into_;            ///< null: not noting
  const BlockDigests* expected_;  ///< null: not checking
  std::vector<char> block_;
  std::size_t size_ = 0;  ///< of the block that is in block_
  std::size_t used_ = 0;
  std::size_t blocks_ = 0;
  bool ended_ = false;
};

}  // namespace firstseen::ingest
