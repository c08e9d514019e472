#include "store/index_file_head.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "store/codec.h"

namespace firstseen::store {
namespace {

constexpr std::uint32_t magic = 0x58495346;  // "FSIX"
constexpr std::uint32_t version = 2;
constexpr std::uint32_t byte_order = 0x01020304;  // in the machine's own, as the lines are
constexpr std::size_t store_id_bytes = 32;

constexpr std::size_t magic_at = 0;
constexpr std::size_t version_at = 4;
constexpr std::size_t checksum_at = 8;  // of all that follows
constexpr std::size_t byte_order_at = 16;
constexpr std::size_t table_count_at = 20;
constexpr std::size_t checksum_count_at = 24;
constexpr std::size_t store_id_at = 32;
constexpr std::size_t owner_at = 64;
constexpr std::size_t transaction_at = 72;
constexpr std::size_t sequence_at = 80;
constexpr std::size_t head_at = 88;
constexpr std::size_t tail_at = 92;
constexpr std::size_t records_at = 96;
constexpr std::size_t entries_at = 104;
constexpr std::size_t secret_at = 112;
constexpr std::size_t moved_to_at = 120;
constexpr std::size_t left_at = 124;
constexpr std::size_t moved_per_entry_at = 128;
constexpr std::size_t tables_at = 136;
constexpr std::size_t table_row_bytes = 32;
constexpr std::size_t most_tables = 2;
constexpr std::size_t checksums_at = tables_at + most_tables * table_row_bytes;

constexpr std::uint64_t most_lines = 1ULL << 32U;

tl::unexpected<Error> unsound(const char* what) { return fail(Exit::bad_data, what); }

std::uint64_t checksum_of(Bytes head) { return XXH3_64bits(head.data() + byte_order_at, head.size() - byte_order_at); }

/// Are the entries that are left ever moved? The bound is that of all positions.
bool can_end(const GrowingIndex::Progress& progress) {
  return progress.left == 0 || (progress.moved_per_entry != 0 && progress.moved_per_entry <= most_lines);
}

/// Does the file have just the size and the number of blocks that its tables ask for?
bool adds_up(const IndexFileHead& head, std::uint64_t file_bytes) {
  std::uint64_t at = IndexFileHead::size_with(head.checksums.size());
  std::uint64_t blocks = 0;
  for (const IndexFileHead::Table& table : head.tables) {
    const auto& [regions, region_lines, scrub_at] = table.shape;
    if (regions == 0 || region_lines == 0 || regions > most_lines || region_lines > most_lines / regions) return false;
    if (region_lines % PositionIndex::page_lines != 0) return false;
    if (scrub_at > regions * region_lines || table.side_entries > most_lines) return false;
    for (const std::uint64_t bytes :
         {regions * region_lines * sizeof(IndexLine), table.side_entries * side_entry_bytes}) {
      at = index_file_aligned(at) + bytes;
      blocks += index_blocks_of(bytes);
    }
  }
  return at == file_bytes && blocks == head.checksums.size();
}

}  // namespace

std::uint64_t IndexFileHead::size_with(std::size_t checksums) {
  return index_file_aligned(checksums_at + checksums * sizeof(std::uint64_t));
}

std::vector<std::uint8_t> IndexFileHead::encode() const {
  std::vector<std::uint8_t> bytes(size_with(checksums.size()));
  std::uint8_t* at = bytes.data();
  store_le(at + magic_at, magic);
  store_le(at + version_at, version);
  std::memcpy(at + byte_order_at, &byte_order, sizeof byte_order);
  store_le(at + table_count_at, static_cast<std::uint32_t>(tables.size()));
  store_le(at + checksum_count_at, static_cast<std::uint64_t>(checksums.size()));
  std::memcpy(at + store_id_at, key.store_id.data(), std::min(key.store_id.size(), store_id_bytes));
  store_le(at + owner_at, key.owner);
  store_le(at + transaction_at, key.transaction);
  store_le(at + sequence_at, key.sequence);
  store_le(at + head_at, extent.head);
  store_le(at + tail_at, extent.tail);
  store_le(at + records_at, extent.records);
  store_le(at + entries_at, extent.entries);
  store_le(at + secret_at, progress.secret);
  store_le(at + moved_to_at, progress.moved_to);
  store_le(at + left_at, progress.left);
  store_le(at + moved_per_entry_at, progress.moved_per_entry);
  for (std::size_t i = 0; i < tables.size(); ++i) {
    std::uint8_t* row = at + tables_at + i * table_row_bytes;
    store_le(row, tables[i].shape.regions);
    store_le(row + 8, tables[i].shape.region_lines);
    store_le(row + 16, tables[i].shape.scrub_at);
    store_le(row + 24, tables[i].side_entries);
  }
  for (std::size_t i = 0; i < checksums.size(); ++i) store_le(at + checksums_at + i * 8, checksums[i]);
  store_le(at + checksum_at, checksum_of(bytes));
  return bytes;
}

Result<IndexFileHead> IndexFileHead::decode(Bytes bytes, std::uint64_t file_bytes) {
  if (bytes.size() < checksums_at) return unsound("it is too short");
  const std::uint8_t* at = bytes.data();
  if (load_le<std::uint32_t>(at + magic_at) != magic) return unsound("it is not an index file");
  if (load_le<std::uint32_t>(at + version_at) != version) return unsound("it has another format");
  if (std::memcmp(at + byte_order_at, &byte_order, sizeof byte_order) != 0) {
    return unsound("it was written on a machine with the other byte order");
  }
  const auto checksum_count = load_le<std::uint64_t>(at + checksum_count_at);
  if (checksum_count > bytes.size() / 8 || size_with(checksum_count) > bytes.size()) return unsound("it is too short");
  if (checksum_of(bytes.first(size_with(checksum_count))) != load_le<std::uint64_t>(at + checksum_at)) {
    return unsound("its head is damaged");
  }
  IndexFileHead head;
  head.key.store_id.assign(reinterpret_cast<const char*>(at + store_id_at), store_id_bytes);
  head.key.owner = load_le<std::uint64_t>(at + owner_at);
  head.key.transaction = load_le<std::uint64_t>(at + transaction_at);
  head.key.sequence = load_le<std::uint64_t>(at + sequence_at);
  head.extent = {load_le<std::uint32_t>(at + head_at), load_le<std::uint32_t>(at + tail_at),
                 load_le<std::uint64_t>(at + records_at), load_le<std::uint64_t>(at + entries_at)};
  head.progress = {load_le<std::uint64_t>(at + secret_at), load_le<std::uint32_t>(at + moved_to_at),
                   load_le<std::uint32_t>(at + left_at), load_le<std::uint64_t>(at + moved_per_entry_at)};
  const auto table_count = load_le<std::uint32_t>(at + table_count_at);
  if (table_count == 0 || table_count > most_tables) return unsound("its head makes no sense");
  for (std::uint32_t i = 0; i < table_count; ++i) {
    const std::uint8_t* row = at + tables_at + i * table_row_bytes;
    head.tables.push_back(
        {{load_le<std::uint64_t>(row), load_le<std::uint64_t>(row + 8), load_le<std::uint64_t>(row + 16)},
         load_le<std::uint64_t>(row + 24)});
  }
  for (std::uint64_t i = 0; i < checksum_count; ++i) {
    head.checksums.push_back(load_le<std::uint64_t>(at + checksums_at + i * 8));
  }
  if (!can_end(head.progress)) return unsound("its head makes no sense");
  if (!adds_up(head, file_bytes)) return unsound("its size is not that of its tables");
  return head;
}

}  // namespace firstseen::store
