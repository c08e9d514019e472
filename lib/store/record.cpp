#include "store/record.h"

#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>

#include "store/codec.h"
#include "store/record_layout.h"
#include "store/state_codec.h"

namespace firstseen::store {
namespace {

/// XXH3-64 of the whole record, its checksum field taken as zero.
std::uint64_t record_checksum(const std::uint8_t* value, std::size_t size) {
  struct Free {
    void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
  };
  thread_local const std::unique_ptr<XXH3_state_t, Free> state(XXH3_createState());
  constexpr std::uint8_t zeros[8] = {};
  XXH3_64bits_reset(state.get());
  XXH3_64bits_update(state.get(), value, layout::checksum_at);
  XXH3_64bits_update(state.get(), zeros, sizeof zeros);
  XXH3_64bits_update(state.get(), value + layout::header_bytes, size - layout::header_bytes);
  return XXH3_64bits_digest(state.get());
}

}  // namespace

Result<RecordWriter> RecordWriter::plan(const RecordContents& contents, std::size_t minimum_bytes) {
  RecordWriter writer(contents);
  for (const Entry& entry : contents.entries) {
    if (entry.kind == EntryKind::seen && entry.range >= contents.ranges.size()) {
      return fail(Exit::internal, "a staged entry names a source range that the batch does not have");
    }
  }
  writer.measure_ranges();
  writer.measure_times();
  std::size_t topics = 0;
  for (const SourceRange& range : contents.ranges) topics += range.tp.topic.size();
  writer.entries_at_ = layout::header_bytes + contents.ranges.size() * layout::range_row_bytes + topics;
  const std::size_t stride =
      layout::digest_bytes + writer.offset_width_ + writer.time_width_ + writer.range_width_ + writer.kind_width_;
  writer.size_bytes_ = std::max(minimum_bytes, writer.entries_at_ + contents.entries.size() * stride);
  if (writer.size_bytes_ > std::numeric_limits<std::int32_t>::max()) {
    return fail(Exit::internal, "a batch record beyond 2 GiB: make delivery.max_batch smaller");
  }
  return writer;
}

void RecordWriter::measure_ranges() {
  base_offsets_.assign(contents_.ranges.size(), 0);
  std::vector<bool> used(contents_.ranges.size(), false);
  std::uint32_t largest_range = 0;
  for (const Entry& entry : contents_.entries) {
    if (entry.kind != EntryKind::seen) {
      kind_width_ = 1;
      continue;
    }
    std::int64_t& base = base_offsets_[entry.range];
    base = used[entry.range] ? std::min(base, entry.offset) : entry.offset;
    used[entry.range] = true;
    largest_range = std::max(largest_range, entry.range);
  }
  range_width_ = width_of(largest_range);
  std::uint64_t largest_delta = 0;
  for (const Entry& entry : contents_.entries) {
    if (entry.kind != EntryKind::seen) continue;
    largest_delta = std::max(largest_delta, delta(entry.offset, base_offsets_[entry.range]));
  }
  offset_width_ = width_of(largest_delta);
}

void RecordWriter::measure_times() {
  if (contents_.entries.empty()) return;
  const auto by_time = [](const Entry& a, const Entry& b) { return a.time_ms < b.time_ms; };
  const auto [oldest, newest] = std::minmax_element(contents_.entries.begin(), contents_.entries.end(), by_time);
  base_time_ms_ = oldest->time_ms;
  max_time_ms_ = newest->time_ms;
  time_width_ = width_of(delta(max_time_ms_, base_time_ms_));
}

void RecordWriter::write(std::span<std::uint8_t> room) const {
  std::uint8_t* at = room.data();
  std::memset(at, 0, entries_at_);
  write_header(at);
  write_ranges(at);
  write_entries(at);
  store_le(at + layout::checksum_at, record_checksum(at, size_bytes_));
}

void RecordWriter::write_header(std::uint8_t* at) const {
  store_le(at + layout::magic_at, layout::magic);
  store_le(at + layout::version_at, record_version);
  store_le(at + layout::sequence_at, contents_.id.sequence);
  store_le(at + layout::owner_at, contents_.id.owner);
  store_le(at + layout::size_at, static_cast<std::uint32_t>(size_bytes_));
  store_le(at + layout::entries_at, static_cast<std::uint32_t>(entries_at_));
  store_le(at + layout::entry_count_at, static_cast<std::uint32_t>(contents_.entries.size()));
  store_le(at + layout::oldest_back_at, contents_.oldest_back);
  store_le(at + layout::range_count_at, static_cast<std::uint32_t>(contents_.ranges.size()));
  at[layout::offset_width_at] = offset_width_;
  at[layout::time_width_at] = time_width_;
  at[layout::range_width_at] = range_width_;
  at[layout::kind_width_at] = kind_width_;
  store_le(at + layout::base_time_at, base_time_ms_);
  store_le(at + layout::max_time_at, max_time_ms_);
}

void RecordWriter::write_ranges(std::uint8_t* at) const {
  std::size_t topic_place = layout::header_bytes + contents_.ranges.size() * layout::range_row_bytes;
  for (std::size_t i = 0; i < contents_.ranges.size(); ++i) {
    const SourceRange& range = contents_.ranges[i];
    std::uint8_t* row = at + layout::header_bytes + i * layout::range_row_bytes;
    store_le(row + layout::topic_at, static_cast<std::uint32_t>(topic_place));
    store_le(row + layout::topic_bytes_at, static_cast<std::uint16_t>(range.tp.topic.size()));
    store_le(row + layout::partition_at, range.tp.partition);
    if (!contents_.batches_back.empty()) store_le(row + layout::batches_back_at, contents_.batches_back[i]);
    store_le(row + layout::base_offset_at, base_offsets_[i]);
    store_le(row + layout::start_at, range.start);
    store_le(row + layout::end_at, range.end);
    write_partition_state(row + layout::after_at, range.after);
    if (range.before) {
      row[layout::has_before_at] = 1;
      write_partition_state(row + layout::before_at, *range.before);
    }
    // NOLINTNEXTLINE(bugprone-not-null-terminated-result): the row holds the name's length
    std::memcpy(at + topic_place, range.tp.topic.data(), range.tp.topic.size());
    topic_place += range.tp.topic.size();
  }
}

void RecordWriter::write_entries(std::uint8_t* at) const {
  std::uint8_t* to = at + entries_at_;
  for (const Entry& entry : contents_.entries) {
    const bool seen = entry.kind == EntryKind::seen;
    std::memcpy(to, entry.digest.bytes.data(), layout::digest_bytes);
    to += layout::digest_bytes;
    store_bytes(to, offset_width_, seen ? delta(entry.offset, base_offsets_[entry.range]) : 0);
    to += offset_width_;
    store_bytes(to, time_width_, delta(entry.time_ms, base_time_ms_));
    to += time_width_;
    store_bytes(to, range_width_, seen ? entry.range : 0);
    to += range_width_;
    store_bytes(to, kind_width_, static_cast<std::uint64_t>(entry.kind));
    to += kind_width_;
  }
  const auto written = static_cast<std::size_t>(to - at);
  std::memset(to, 0, size_bytes_ - written);
}

std::optional<RecordView> RecordView::parse(Bytes value) {
  if (value.size() < layout::header_bytes || value.size() > std::numeric_limits<std::uint32_t>::max()) return {};
  const RecordView view(value.data());
  const std::uint8_t* at = value.data();
  if (load_le<std::uint32_t>(at + layout::magic_at) != layout::magic) return {};
  if (load_le<std::uint16_t>(at + layout::version_at) != record_version) return {};
  if (view.size_bytes() != value.size()) return {};
  if (at[layout::offset_width_at] > 8 || at[layout::time_width_at] > 8 || at[layout::range_width_at] > 4 ||
      at[layout::kind_width_at] > 1) {
    return {};
  }
  const std::uint64_t entries_at = load_le<std::uint32_t>(at + layout::entries_at);
  const std::uint64_t rows_end = layout::header_bytes + std::uint64_t{view.range_count()} * layout::range_row_bytes;
  if (rows_end > entries_at || entries_at > value.size()) return {};
  if (entries_at + std::uint64_t{view.entry_count()} * view.stride() > value.size()) return {};
  for (std::uint32_t i = 0; i < view.range_count(); ++i) {
    const std::uint8_t* row = view.range_at(i);
    const std::uint64_t topic_at = load_le<std::uint32_t>(row + layout::topic_at);
    const std::uint64_t topic_end = topic_at + load_le<std::uint16_t>(row + layout::topic_bytes_at);
    if (topic_at < rows_end || topic_end > entries_at) return {};
  }
  return view;
}

BatchId RecordView::id() const {
  return {load_le<std::uint64_t>(value_ + layout::sequence_at), load_le<std::uint64_t>(value_ + layout::owner_at)};
}
std::uint64_t RecordView::first_batch() const {
  return id().sequence - load_le<std::uint32_t>(value_ + layout::oldest_back_at);
}
std::uint32_t RecordView::entry_count() const { return load_le<std::uint32_t>(value_ + layout::entry_count_at); }
std::uint32_t RecordView::range_count() const { return load_le<std::uint32_t>(value_ + layout::range_count_at); }
std::int64_t RecordView::min_time_ms() const { return load_le<std::int64_t>(value_ + layout::base_time_at); }
std::int64_t RecordView::max_time_ms() const { return load_le<std::int64_t>(value_ + layout::max_time_at); }
std::uint32_t RecordView::size_bytes() const { return load_le<std::uint32_t>(value_ + layout::size_at); }

bool RecordView::intact() const {
  return record_checksum(value_, size_bytes()) == load_le<std::uint64_t>(value_ + layout::checksum_at);
}

EntryWidths RecordView::widths() const {
  return {value_[layout::offset_width_at], value_[layout::time_width_at], value_[layout::range_width_at],
          value_[layout::kind_width_at]};
}

std::size_t RecordView::stride() const {
  const EntryWidths bytes = widths();
  return layout::digest_bytes + bytes.offset + bytes.time + bytes.range + bytes.kind;
}

const std::uint8_t* RecordView::first_entry() const {
  return value_ + load_le<std::uint32_t>(value_ + layout::entries_at);
}

const std::uint8_t* RecordView::range_at(std::uint32_t range) const {
  return value_ + layout::header_bytes + range * layout::range_row_bytes;
}

Digest RecordView::digest(std::uint32_t entry) const {
  Digest digest;
  std::memcpy(digest.bytes.data(), entry_at(entry), layout::digest_bytes);
  return digest;
}

std::int64_t RecordView::base_offset(std::uint32_t range) const {
  return load_le<std::int64_t>(range_at(range) + layout::base_offset_at);
}

TopicPartitionView RecordView::source(std::uint32_t range) const {
  if (range >= range_count()) return {};
  const std::uint8_t* row = range_at(range);
  const std::uint8_t* topic = value_ + load_le<std::uint32_t>(row + layout::topic_at);
  const std::size_t topic_bytes = load_le<std::uint16_t>(row + layout::topic_bytes_at);
  return {text_of({topic, topic_bytes}), load_le<std::int32_t>(row + layout::partition_at)};
}

std::uint64_t RecordView::brought_by(std::uint32_t range) const {
  return id().sequence - load_le<std::uint32_t>(range_at(range) + layout::batches_back_at);
}

SourceRange RecordView::range(std::uint32_t range) const {
  if (range >= range_count()) return {};
  const std::uint8_t* row = range_at(range);
  SourceRange result;
  result.tp = source(range).copy();
  result.start = load_le<std::int64_t>(row + layout::start_at);
  result.end = load_le<std::int64_t>(row + layout::end_at);
  result.after = read_partition_state(row + layout::after_at);
  if (row[layout::has_before_at] != 0) result.before = read_partition_state(row + layout::before_at);
  return result;
}

}  // namespace firstseen::store
