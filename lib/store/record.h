#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/digest.h"
#include "base/error.h"
#include "store/lmdb.h"
#include "store/seen_store.h"

namespace firstseen::store {

/// The batch record, the unit of the log. Every byte is specified in README.md beside this file.

/// What goes into a record; spans must live until it is written.
struct RecordContents {
  BatchId id;
  std::span<const SourceRange> ranges;  ///< with `before` filled in
  std::span<const Entry> entries;
  /// Per range: how many batches before this one brought the range's state; empty: this one brought them all.
  std::span<const std::uint32_t> batches_back = {};
  std::uint32_t oldest_back = 0;  ///< how many batches before this one the first is that it holds entries of
};

/// Lays a record out, then writes it into room that somebody else owns (LMDB's page).
class RecordWriter {
 public:
  /// `minimum_bytes`: pad to this, so that LMDB gives the record pages of its own. Fails (internal) when an entry names
  /// a range that is not there.
  static Result<RecordWriter> plan(const RecordContents& contents, std::size_t minimum_bytes);

  [[nodiscard]] std::size_t size_bytes() const { return size_bytes_; }
  /// `room` has exactly size_bytes(); all of it is written.
  void write(std::span<std::uint8_t> room) const;

 private:
  explicit RecordWriter(const RecordContents& contents) : contents_(contents) {}
  void measure_ranges();
  void measure_times();
  void write_header(std::uint8_t* at) const;
  void write_ranges(std::uint8_t* at) const;
  void write_entries(std::uint8_t* at) const;

  RecordContents contents_;
  std::vector<std::int64_t> base_offsets_;  ///< per range: the smallest offset of its entries
  std::int64_t base_time_ms_ = 0;
  std::int64_t max_time_ms_ = 0;
  std::uint8_t offset_width_ = 0;
  std::uint8_t time_width_ = 0;
  std::uint8_t range_width_ = 0;
  std::uint8_t kind_width_ = 0;
  std::size_t entries_at_ = 0;
  std::size_t size_bytes_ = 0;
};

/// Bytes of the fields that follow an entry's digest, in this order.
struct EntryWidths {
  std::uint8_t offset = 0;
  std::uint8_t time = 0;
  std::uint8_t range = 0;
  std::uint8_t kind = 0;
};

/// Reads a record in place. Cheap to copy; the bytes must outlive it. Accessors may be called only on a record that
/// parse() accepted, with indexes in range.
class RecordView {
 public:
  /// Checks that every offset and width of the record stays inside `value`, so that no accessor ever reads outside it,
  /// whatever the bytes are. Not the checksum.
  static std::optional<RecordView> parse(Bytes value);
  /// A record that parse() accepted before.
  static RecordView trusted(const std::uint8_t* value) { return RecordView(value); }

  [[nodiscard]] BatchId id() const;
  /// The number of the first batch that it holds entries of: an earlier one where records were written again as one.
  [[nodiscard]] std::uint64_t first_batch() const;
  [[nodiscard]] std::uint32_t entry_count() const;
  [[nodiscard]] std::uint32_t range_count() const;
  [[nodiscard]] std::int64_t min_time_ms() const;  ///< of its entries; 0 without entries
  [[nodiscard]] std::int64_t max_time_ms() const;  ///< of its entries; 0 without entries
  [[nodiscard]] std::uint32_t size_bytes() const;
  /// Does the content match the record's own checksum?
  [[nodiscard]] bool intact() const;

  /// Where an entry's bytes begin, its digest first; RecordHead reads the rest.
  [[nodiscard]] const std::uint8_t* entry_at(std::uint32_t entry) const { return first_entry() + entry * stride(); }
  [[nodiscard]] Digest digest(std::uint32_t entry) const;
  [[nodiscard]] EntryWidths widths() const;
  /// An unknown range (possible in a damaged record only) gives an empty one.
  [[nodiscard]] SourceRange range(std::uint32_t range) const;
  [[nodiscard]] TopicPartitionView source(std::uint32_t range) const;
  [[nodiscard]] std::int64_t base_offset(std::uint32_t range) const;  ///< its entries' offsets count from here
  /// The number of the batch that brought the range's state: an earlier one where records were written again as one.
  [[nodiscard]] std::uint64_t brought_by(std::uint32_t range) const;

  [[nodiscard]] Bytes bytes() const { return {value_, size_bytes()}; }
  /// Where the entries begin, each with its digest first, `stride` bytes apart.
  [[nodiscard]] const std::uint8_t* first_entry() const;
  [[nodiscard]] std::size_t stride() const;

 private:
  explicit RecordView(const std::uint8_t* value) : value_(value) {}
  [[nodiscard]] const std::uint8_t* range_at(std::uint32_t range) const;

  const std::uint8_t* value_;
};

/// The version in a record's header.
inline constexpr std::uint16_t record_version = 1;

}  // namespace firstseen::store
