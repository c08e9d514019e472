#include "store/record_head.h"

#include <cstring>

#include "store/codec.h"

namespace firstseen::store {

RecordHead::RecordHead(const RecordView& record) : base_time_ms_(record.min_time_ms()), widths_(record.widths()) {
  ranges_.reserve(record.range_count());
  for (std::uint32_t i = 0; i < record.range_count(); ++i) ranges_.push_back({record.base_offset(i), record.source(i)});
}

Entry RecordHead::entry(const std::uint8_t* bytes) const {
  Entry result;
  std::memcpy(result.digest.bytes.data(), bytes, sizeof result.digest.bytes);
  bytes += sizeof result.digest.bytes;
  const std::uint64_t offset_delta = load_bytes(bytes, widths_.offset);
  bytes += widths_.offset;
  result.time_ms = plus(base_time_ms_, load_bytes(bytes, widths_.time));
  bytes += widths_.time;
  const auto range = static_cast<std::uint32_t>(load_bytes(bytes, widths_.range));
  bytes += widths_.range;
  if (load_bytes(bytes, widths_.kind) != 0) {
    result.kind = EntryKind::forgotten;
  } else if (range < ranges_.size()) {
    result.range = range;
    result.offset = plus(ranges_[range].base_offset, offset_delta);
  }
  return result;
}

}  // namespace firstseen::store
