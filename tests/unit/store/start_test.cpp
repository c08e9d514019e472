// The start: the index that is read from the log, with several threads, answers as the one that grew with it.

#include <algorithm>
#include <atomic>
#include <fstream>
#include <random>
#include <stdexcept>

#include "store/index_builder.h"
#include "store/parallel.h"
#include "unit/store/support.h"

namespace firstseen::store::test {
namespace {

TEST(Parallel, EveryWorkerRunsOnceAndSharesCoverEverythingInOrder) {
  for (const std::size_t workers : {1U, 2U, 7U}) {
    std::vector<std::atomic<int>> runs(workers);
    run_in_parallel(workers, [&](std::size_t worker) { ++runs[worker]; });
    std::size_t next = 0;
    for (std::size_t worker = 0; worker < workers; ++worker) {
      EXPECT_EQ(runs[worker], 1);
      const Share share = share_of(23, worker, workers);
      EXPECT_EQ(share.first, next);
      next = share.end;
    }
    EXPECT_EQ(next, 23U);
  }
}

TEST(Parallel, WhatAnyWorkerThrowsIsThrownAfterAllHaveEnded) {
  for (const std::size_t thrower : {0U, 2U}) {
    std::atomic<int> ended = 0;
    EXPECT_THROW(run_in_parallel(3,
                                 [&](std::size_t worker) {
                                   if (worker == thrower) throw std::runtime_error("no");
                                   ++ended;
                                 }),
                 std::runtime_error);
    EXPECT_EQ(ended, 2);
  }
}

/// A log of records as the environment would hold them, without one.
class MemoryLog {
 public:
  LiveLog log{0xFFFFF000U};  // its positions wrap around

  void append(std::uint64_t first_key, std::size_t count) {
    std::vector<Entry> entries;
    entries.reserve(count);
    for (std::size_t i = 0; i < count; ++i) entries.push_back(seen(first_key + i, 100));
    const SourceRange range = range_of("t", 0, 0, 1);
    const std::uint64_t sequence = records_.size() + 1;
    const auto writer = RecordWriter::plan({{sequence, 1}, {&range, 1}, entries}, 2048);
    records_.emplace_back(writer->size_bytes());
    writer->write(records_.back());
    log.append(sequence, *RecordView::parse(records_.back()));
  }

 private:
  std::deque<std::vector<std::uint8_t>> records_;
};

std::size_t times_found(const GrowingIndex& index, const LiveLog& log, LogPosition position) {
  Digest digest;
  std::memcpy(digest.bytes.data(), log.digests_at(position).first, digest.bytes.size());
  std::size_t times = 0;
  const LiveRange live{log.head(), log.tail() - log.head()};
  index.for_each_candidate(index.hash(digest), live, [&](LogPosition at) { times += at == position ? 1U : 0U; });
  return times;
}

TEST(IndexBuilder, WithAnyNumberOfThreadsItHoldsEveryEntryOnceAndNothingElse) {
  MemoryLog memory;
  std::uint64_t key = 0;
  for (const std::size_t count : {1000U, 0U, 1U, 256U, 257U, 700'000U, 3U, 41'000U}) {
    memory.append(key, count);
    key += count;
  }
  for (std::uint64_t i = 0; i < 30; ++i) memory.append(7, 1);  // one key many times: its two lines overflow
  const auto& records = memory.log.records();
  for (const std::size_t workers : {1U, 2U, 5U}) {
    GrowingIndex index(99, 1000);
    IndexBuilder builder(index, memory.log, workers);
    ASSERT_EQ(builder.workers(), workers);
    run_in_parallel(workers, [&](std::size_t worker) {
      for (std::size_t i = worker; i < records.size() / 2; i += workers) builder.add(worker, records[i]);
    });
    builder.insert_if_enough();
    run_in_parallel(workers, [&](std::size_t worker) {
      for (std::size_t i = records.size() / 2 + worker; i < records.size(); i += workers)
        builder.add(worker, records[i]);
    });
    builder.finish();
    EXPECT_GT(index.overflow_entries(), 0U);
    EXPECT_EQ(index.used_slots(), memory.log.entries());
    for (const LiveRecord& record : records) {
      for (std::uint32_t i = 0; i < record.entry_count; ++i) {
        ASSERT_EQ(times_found(index, memory.log, record.first_position + i), 1U) << record.sequence << " " << i;
      }
    }
  }
}

class ReadAgain : public testing::Test {
 protected:
  /// Batches of all sizes, keys that come again, tombstones, rollbacks.
  void fill(SeenStore& store) {
    std::mt19937_64 random(5);
    for (int batch = 0; batch < 200; ++batch) {
      const std::uint64_t count = batch % 40 == 0 ? 20'000 : random() % 300;
      for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t key = random() % keys;
        const auto time = static_cast<std::int64_t>(random() % 500);
        store.stage(random() % 50 == 0 ? tombstone(key, time) : seen(key, time, static_cast<std::int64_t>(i)));
      }
      const SourceRange range = range_of("t", 0, batch, batch + 1);
      ASSERT_TRUE(succeeded(store.prepare({&range, 1}, never, false)));
      if (batch % 9 == 0) {
        ASSERT_TRUE(succeeded(store.roll_back()));
      } else {
        store.settle();
      }
    }
  }

  static void expect_same_answers(const SeenStore& left, const SeenStore& right) {
    for (std::uint64_t key = 0; key < keys; ++key) {
      for (const std::int64_t now : {0, 700, 1400}) {
        const auto expected = left.find(digest_of(key), now);
        const auto found = right.find(digest_of(key), now);
        ASSERT_EQ(found.has_value(), expected.has_value()) << key;
        if (found) {
          ASSERT_EQ(found->time_ms, expected->time_ms) << key;
          ASSERT_EQ(found->offset, expected->offset) << key;
        }
      }
    }
  }

  static constexpr std::uint64_t keys = 60'000;
  TemporaryDirectory directory_;
};

TEST_F(ReadAgain, AnswersAreThoseOfTheIndexThatGrewWithTheLog) {
  const auto grown = open_or_fail(options_for(directory_.path() / "a"));
  ASSERT_NO_FATAL_FAILURE(fill(*grown));
  std::filesystem::create_directory(directory_.path() / "b");
  std::filesystem::copy_file(directory_.path() / "a" / "data.mdb", directory_.path() / "b" / "data.mdb");
  const auto read = open_or_fail(options_for(directory_.path() / "b"));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->stats().live_entries, grown->stats().live_entries);
  expect_same_answers(*grown, *read);
}

TEST_F(ReadAgain, TheReportSaysFromHowManyRecordsTheIndexWasReadAndSoDoesANote) {
  const auto options = options_for(directory_.path());
  std::uint64_t records = 0;
  {
    const auto store = open_or_fail(options);
    ASSERT_NO_FATAL_FAILURE(fill(*store));
    records = store->stats().live_records;
  }
  const auto store = open_or_fail(options);
  ASSERT_TRUE(store);
  const std::string expected = "read from " + std::to_string(records) + " records in ";
  const auto& report = store->open_report();
  EXPECT_TRUE(std::ranges::any_of(report, [&](const auto& line) { return line.starts_with("index " + expected); }));
  EXPECT_TRUE(inspect(directory_.path())->notes["index"].starts_with(expected));
}

TEST_F(ReadAgain, ADamagedRecordAnywhereStopsTheStartWithItsNumber) {
  const auto options = options_for(directory_.path());
  {
    const auto store = open_or_fail(options);
    for (std::uint64_t batch = 0; batch < 3; ++batch) {
      for (std::uint64_t i = 0; i < 1000; ++i) store->stage(seen(batch * 1000 + i, 100));
      const SourceRange range = range_of("t", 0, 0, 1);
      ASSERT_TRUE(succeeded(store->prepare({&range, 1}, never, true)));
    }
  }
  const Digest victim = digest_of(1700);  // in batch 2
  std::string data;
  {
    std::ifstream file(directory_.path() / "data.mdb", std::ios::binary);
    data.assign(std::istreambuf_iterator<char>(file), {});
  }
  const std::string needle(reinterpret_cast<const char*>(victim.bytes.data()), victim.bytes.size());
  const std::size_t at = data.find(needle);
  ASSERT_NE(at, std::string::npos);
  {
    std::fstream file(directory_.path() / "data.mdb", std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(~data[at]));
  }
  const auto store = SeenStore::open(options);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().exit, Exit::bad_data);
  EXPECT_NE(store.error().message.find("batch record 2 is damaged"), std::string::npos) << store.error().message;
}

}  // namespace
}  // namespace firstseen::store::test
