#include <random>

#include "store/codec.h"
#include "store/record_head.h"
#include "unit/store/support.h"

namespace firstseen::store::test {
namespace {

std::vector<std::uint8_t> written(const RecordContents& contents, std::size_t minimum = 0) {
  const auto writer = RecordWriter::plan(contents, minimum);
  EXPECT_TRUE(succeeded(writer));
  std::vector<std::uint8_t> bytes(writer->size_bytes(), 0xAA);
  writer->write(bytes);
  return bytes;
}

TEST(Record, EverythingWrittenIsReadBack) {
  std::array ranges = {range_of("orders", 7, 1'000'000'000'000, 1'000'000'000'500, 1'700'000'000'123),
                       range_of("", 0, 0, 3, -1)};
  ranges[0].before = PartitionState{5, 6, 7, {8, 9, 10}};
  const std::array entries = {seen(1, 1'700'000'000'000, 1'000'000'000'100, 0), seen(2, -5, 2, 1), tombstone(3, 17)};
  const auto bytes = written({{42, 43}, ranges, entries});
  const auto record = RecordView::parse(bytes);
  ASSERT_TRUE(record);
  EXPECT_TRUE(record->intact());
  EXPECT_EQ(record->id(), (BatchId{42, 43}));
  EXPECT_EQ(record->min_time_ms(), -5);
  EXPECT_EQ(record->max_time_ms(), 1'700'000'000'000);
  ASSERT_EQ(record->entry_count(), 3U);
  for (std::uint32_t i = 0; i < 3; ++i) {
    const Entry entry = RecordHead(*record).entry(record->entry_at(i));
    EXPECT_EQ(entry.digest, entries[i].digest);
    EXPECT_EQ(entry.offset, entries[i].offset);
    EXPECT_EQ(entry.time_ms, entries[i].time_ms);
    EXPECT_EQ(entry.range, entries[i].range);
    EXPECT_EQ(entry.kind, entries[i].kind);
  }
  ASSERT_EQ(record->range_count(), 2U);
  for (std::uint32_t i = 0; i < 2; ++i) {
    const SourceRange range = record->range(i);
    EXPECT_EQ(range.tp, ranges[i].tp);
    EXPECT_EQ(range.start, ranges[i].start);
    EXPECT_EQ(range.end, ranges[i].end);
    EXPECT_EQ(range.after, ranges[i].after);
    EXPECT_EQ(range.before, ranges[i].before);
  }
}

TEST(Record, TheExtremesOfOffsetsAndTimesSurvive) {
  constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  const SourceRange range = range_of("t", 0, 0, 1);
  const std::array entries = {seen(1, least, most), seen(2, most, least)};
  const auto bytes = written({{1, 1}, {&range, 1}, entries});
  const auto record = RecordView::parse(bytes);
  ASSERT_TRUE(record);
  for (std::uint32_t i = 0; i < 2; ++i) {
    EXPECT_EQ(RecordHead(*record).entry(record->entry_at(i)).time_ms, entries[i].time_ms);
    EXPECT_EQ(RecordHead(*record).entry(record->entry_at(i)).offset, entries[i].offset);
  }
}

TEST(Record, AnOrdinaryBatchTakesTwentyBytesPerEntry) {
  const SourceRange range = range_of("orders", 0, 5'000'000, 5'010'000);
  std::vector<Entry> entries;
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    const auto offset = static_cast<std::int64_t>(i);
    entries.push_back(seen(i, 1'700'000'000'000 + offset, 5'000'000 + offset));
  }
  EXPECT_LE(written({{1, 1}, {&range, 1}, entries}).size(), 10'000U * 20 + 250);
}

TEST(Record, AnEntryOfAnUnknownRangeIsAnErrorNotARecord) {
  const std::array entries = {seen(1, 0, 0, 1)};
  const SourceRange range = range_of("t", 0, 0, 1);
  EXPECT_FALSE(RecordWriter::plan({{1, 1}, {&range, 1}, entries}, 0));
}

TEST(Record, EveryFlippedBitIsNoticed) {
  const SourceRange range = range_of("t", 0, 0, 10);
  const std::array entries = {seen(1, 5, 3), tombstone(2, 6)};
  const auto bytes = written({{1, 1}, {&range, 1}, entries}, 400);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    auto flipped = bytes;
    flipped[bit / 8] = static_cast<std::uint8_t>(flipped[bit / 8] ^ (1U << (bit % 8)));
    const auto record = RecordView::parse(flipped);
    ASSERT_FALSE(record && record->intact()) << "bit " << bit;
  }
}

/// Reads whatever a record offers; the address sanitizer watches.
std::uint64_t read_everything(const RecordView& record) {
  std::uint64_t sum = record.intact() ? 1 : 0;
  for (std::uint32_t i = 0; i < record.range_count(); ++i) sum += record.range(i).tp.topic.size();
  const RecordHead head(record);
  for (std::uint32_t i = 0; i < record.entry_count(); ++i) {
    const Entry entry = head.entry(record.entry_at(i));
    sum += entry.digest.bytes[0] + record.source(i).topic.size() + head.source(entry.range).topic.size();
  }
  return sum;
}

TEST(Record, NoBytesWhateverMakeTheReaderLeaveThem) {
  std::mt19937_64 random(7);
  const SourceRange range = range_of("topic", 0, 0, 10);
  const std::array entries = {seen(1, 5, 3), seen(2, 600, 9), tombstone(2, 6)};
  const auto good = written({{1, 1}, {&range, 1}, entries}, 300);
  std::uint64_t accepted = 0;
  for (int i = 0; i < 200'000; ++i) {
    // Exactly as long as it says, so that a read beyond the end is caught.
    std::vector<std::uint8_t> bytes(
        good.begin(), good.begin() + static_cast<std::ptrdiff_t>(i % 10 == 0 ? random() % good.size() : good.size()));
    for (std::uint64_t change = random() % 4; change > 0 && !bytes.empty(); --change) {
      bytes[random() % std::min<std::size_t>(bytes.size(), 160)] = static_cast<std::uint8_t>(random());
    }
    if (bytes.size() >= 28 && i % 3 == 0) store_le(bytes.data() + 24, static_cast<std::uint32_t>(bytes.size()));
    const auto record = RecordView::parse(bytes);
    if (!record) continue;
    ++accepted;
    read_everything(*record);
  }
  EXPECT_GT(accepted, 1000U) << "damage that parse() cannot see must be among the cases";
}

}  // namespace
}  // namespace firstseen::store::test
