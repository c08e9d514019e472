#include <fstream>

#include "store/codec.h"
#include "store/record_layout.h"
#include "unit/store/crashed_store.h"

namespace firstseen::store::test {
namespace {

namespace fs = std::filesystem;

/// Flips one byte of the n-th record of the data file (counted as they stand in the file).
void damage_record(const fs::path& directory, std::uint64_t sequence) {
  std::ifstream in(directory / "data.mdb", std::ios::binary);
  std::string data{std::istreambuf_iterator<char>(in), {}};
  for (std::size_t at = 16; at + layout::header_bytes < data.size(); at += 4096) {
    const auto* value = reinterpret_cast<const std::uint8_t*>(data.data() + at);
    const auto record = RecordView::parse({value, load_le<std::uint32_t>(value + layout::size_at)});
    if (load_le<std::uint32_t>(value) != layout::magic || !record || record->id().sequence != sequence) continue;
    data[at + record->size_bytes() - 1] = static_cast<char>(data[at + record->size_bytes() - 1] ^ 0x40);
    std::ofstream(directory / "data.mdb", std::ios::binary) << data;
    return;
  }
  FAIL() << "record " << sequence << " is not in the file";
}

TEST(PowerLoss, OnTheSameBootAnUnsyncedStoreIsBelieved) {
  const TemporaryDirectory directory;
  const auto options = crashed_store(directory.path(), 3);
  const auto store = open_or_fail(options);
  EXPECT_FALSE(says(store->open_report(), "went down"));
  EXPECT_EQ(store->open_loss(), "");
  EXPECT_EQ(store->stats().live_entries, 900U);
  EXPECT_TRUE(store->undecided());
}

TEST(PowerLoss, ASoundStoreIsVerifiedAndKeptWholeWithItsIdPinsAndUndecidedBatch) {
  const TemporaryDirectory directory;
  auto options = crashed_store(directory.path(), 3);
  std::string id;
  {
    const auto store = open_or_fail(options);
    id = store->id();
    const Pin pin{"key", "k"};
    ASSERT_TRUE(succeeded(store->pin({&pin, 1})));
  }
  options.boot_id = "boot-2";
  const auto store = open_or_fail(options);
  EXPECT_TRUE(says(store->open_report(), "everything is sound"));
  EXPECT_EQ(store->open_loss(), "");
  EXPECT_EQ(store->id(), id);
  EXPECT_EQ(store->pinned("key"), "k");
  EXPECT_EQ(store->stats().live_entries, 900U);
  EXPECT_EQ(store->stats().evicted_before_ms, -1);
  ASSERT_TRUE(store->undecided());
  EXPECT_EQ(store->undecided()->id.sequence, 3U);
  EXPECT_TRUE(store->find(digest_of(2001), 1002));
  EXPECT_EQ(store->partitions().at({"t", 0}).next_offset, 30);
}

TEST(PowerLoss, WhatFollowsADamagedRecordIsDiscardedAndThePartitionsGoBack) {
  const TemporaryDirectory directory;
  auto options = crashed_store(directory.path(), 5);
  damage_record(directory.path(), 3);
  options.boot_id = "boot-2";
  const auto store = open_or_fail(options);
  EXPECT_TRUE(says(store->open_report(), "discarded"));
  for (const char* part : {"from stream time 1970-01-01T00:00:01.001Z on", "reached 1970-01-01T00:00:01.004Z at least",
                           "of its window of 8ms at most 5ms are covered", "input.on_missing_history: rebuild"}) {
    EXPECT_NE(store->open_loss().find(part), std::string::npos) << part << " in " << store->open_loss();
  }
  EXPECT_EQ(store->stats().live_entries, 600U);
  EXPECT_FALSE(store->undecided()) << "batch 2 had a successor, so it is settled";
  EXPECT_EQ(store->partitions().at({"t", 0}).next_offset, 20);
  EXPECT_EQ(store->stats().evicted_before_ms, 1004);
  EXPECT_TRUE(store->find(digest_of(1001), 1001));
  EXPECT_FALSE(store->find(digest_of(2001), 1002));
  EXPECT_GT(store->next_batch().sequence, 5U) << "a number is never given twice";
}

TEST(PowerLoss, OnTheSameBootADamagedRecordStopsTheStart) {
  const TemporaryDirectory directory;
  const auto options = crashed_store(directory.path(), 5);
  damage_record(directory.path(), 3);
  const auto store = SeenStore::open(options);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().exit, Exit::bad_data);
  EXPECT_NE(store.error().message.find("batch record 3"), std::string::npos) << store.error().message;
}

TEST(PowerLoss, ATruncatedOrScrambledFileNeverCrashesTheStart) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(seed);
    const TemporaryDirectory directory;
    auto options = crashed_store(directory.path(), 6);
    const auto path = directory.path() / "data.mdb";
    const auto pages = fs::file_size(path) / 4096;
    if (seed % 4 == 0) {
      fs::resize_file(path, (2 + seed * 7 % (pages - 2)) * 4096);
    } else {
      // Pages behind the two meta pages lose their content, as pages that never reached the disk do.
      std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
      for (std::uint64_t i = 0; i < 1 + seed % 3; ++i) {
        file.seekp(static_cast<std::streamoff>((2 + (seed * 31 + i * 17) % (pages - 2)) * 4096));
        file << std::string(4096, seed % 2 == 0 ? '\0' : '\x5A');
      }
    }
    options.boot_id = "boot-2";
    const auto store = open_or_fail(options);
    ASSERT_TRUE(store);
    EXPECT_EQ(store->stats().live_entries % 300, 0U) << "whole batches only";
    const auto next = store->partitions().contains({"t", 0}) ? store->partitions().at({"t", 0}).next_offset : 0;
    EXPECT_EQ(next, static_cast<std::int64_t>(store->stats().live_entries / 300 * 10)) << "a prefix, and known as such";
    const SourceRange range = range_of("t", 0, next, next + 1);
    ASSERT_TRUE(succeeded(store->roll_back()));
    store->stage(seen(77777, 1010));
    EXPECT_TRUE(succeeded(store->prepare({&range, 1}, never, true)));
    EXPECT_TRUE(store->find(digest_of(77777), 1010));
  }
}

TEST(PowerLoss, AfterACleanStopAnotherBootFindsNothingToVerify) {
  const TemporaryDirectory directory;
  auto options = crashed_store(directory.path(), 2);
  {
    const auto store = open_or_fail(options);
    store->settle();
    ASSERT_TRUE(succeeded(store->close_clean()));
  }
  options.boot_id = "boot-2";
  const auto store = open_or_fail(options);
  EXPECT_FALSE(says(store->open_report(), "went down"));
  EXPECT_FALSE(store->undecided());
}

TEST(PowerLoss, AfterPrepareFollowingACleanCloseTheMarkIsBack) {
  const TemporaryDirectory directory;
  auto options = options_for(directory.path());
  options.durability = Durability::process_crash;
  const auto store = open_or_fail(options);
  EXPECT_TRUE(fs::exists(directory.path() / "unsynced"));
  ASSERT_TRUE(succeeded(store->close_clean()));
  EXPECT_FALSE(fs::exists(directory.path() / "unsynced"));
  const SourceRange range = range_of("t", 0, 0, 1);
  ASSERT_TRUE(succeeded(store->prepare({&range, 1}, never, true)));
  EXPECT_TRUE(fs::exists(directory.path() / "unsynced"));
}

TEST(PowerLoss, GoingBackToPowerLossDurabilitySyncsAndTakesTheMarkAway) {
  const TemporaryDirectory directory;
  auto options = crashed_store(directory.path(), 2);
  options.durability = Durability::power_loss;
  const auto store = open_or_fail(options);
  EXPECT_FALSE(fs::exists(directory.path() / "unsynced"));
  EXPECT_TRUE(says(store->open_report(), "durability power_loss"));
}

TEST(PowerLoss, AViewOfAStoreThatMustBeVerifiedIsRefused) {
  const TemporaryDirectory directory;
  crashed_store(directory.path(), 2);
  const auto facts = inspect(directory.path());
  ASSERT_FALSE(facts);
  EXPECT_EQ(facts.error().exit, Exit::try_again);
}

TEST(Verify, ADamagedRecordIsNamedAndASoundStoreHasNoProblems) {
  const TemporaryDirectory directory;
  auto options = options_for(directory.path());
  options.ttl = Millis{8};  // so short that each batch keeps a record of its own
  {
    const auto store = open_or_fail(options);
    for (int i = 0; i < 4; ++i) {
      const std::array ranges = {range_of("t", 0, 10L * i, 10L * i + 10)};
      store->stage(seen(static_cast<std::uint64_t>(i), 1000 + i));
      ASSERT_TRUE(succeeded(store->prepare(ranges, never, true)));
    }
  }
  const auto sound = verify(directory.path());
  ASSERT_TRUE(succeeded(sound));
  EXPECT_TRUE(sound->problems.empty()) << sound->problems.front();
  EXPECT_EQ(sound->records, 4U);
  EXPECT_EQ(sound->entries, 4U);
  damage_record(directory.path(), 2);
  const auto damaged = verify(directory.path());
  ASSERT_TRUE(succeeded(damaged));
  ASSERT_EQ(damaged->problems.size(), 1U);
  EXPECT_NE(damaged->problems[0].find("batch record 2 does not match its checksum"), std::string::npos);
}

}  // namespace
}  // namespace firstseen::store::test
