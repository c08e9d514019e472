// What of the log comes into the page cache, and when.

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <thread>

#include "store/log_read_ahead.h"
#include "store/log_reader.h"
#include "support/temporary_directory.h"
#include "unit/store/support.h"

namespace firstseen::store::test {
namespace {

constexpr std::size_t records = 20;
constexpr std::size_t keys_per_record = 10'000;
/// The start looks at the head of each record.
constexpr std::size_t head_pages = 2;

/// The disk brings what was asked for, in its time.
bool arrives(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

/// A store of which the page cache holds nothing but what was asked for since.
class ReadAhead : public testing::Test {
 protected:
  void SetUp() override {
    fill();
    forget_pages();
    env_ = *Env::open({.directory = directory_.path(), .map_bytes = 128ULL << 20U, .databases = Tables::names()});
    auto txn = Txn::begin(*env_, Txn::Mode::read);
    ASSERT_TRUE(succeeded(txn));
    txn_.emplace(std::move(*txn));
    ASSERT_TRUE(succeeded(read_heads(*txn_, Tables::of(*env_)->logs.front(), log_)));
    ASSERT_EQ(log_.records().size(), records);
    if (resident_pages(7) == all_pages(7)) GTEST_SKIP() << "files of the temporary directory never leave the memory";
  }

  [[nodiscard]] std::size_t all_pages(std::size_t record) const { return in_core(record).size(); }
  [[nodiscard]] std::size_t resident_pages(std::size_t record) const {
    std::size_t resident = 0;
    for (const unsigned char page : in_core(record)) resident += page & 1U;
    return resident;
  }
  /// The last entry's page.
  [[nodiscard]] bool last_page_is_resident(std::size_t record) const { return (in_core(record).back() & 1U) != 0; }
  [[nodiscard]] LogPosition last_position(std::size_t record) const {
    return log_.records()[record].first_position + keys_per_record - 1;
  }
  void look_at(std::size_t record) const { looked_at_ = *log_.digests_at(last_position(record)).first; }

  firstseen::test::TemporaryDirectory directory_;
  std::shared_ptr<Env> env_;
  std::optional<Txn> txn_;
  LiveLog log_{0};

 private:
  void fill() const {
    auto store = open_or_fail(options_for(directory_.path()));
    for (std::size_t record = 0; record < records; ++record) {
      for (std::size_t i = 0; i < keys_per_record; ++i) store->stage(seen(record * keys_per_record + i, 1));
      const auto from = static_cast<std::int64_t>(record);
      const SourceRange range = range_of("t", 0, from, from + 1);
      ASSERT_TRUE(succeeded(store->prepare({&range, 1}, never, false)));
      store->settle();
    }
    ASSERT_TRUE(succeeded(store->close_clean()));
  }
  void forget_pages() const {
    const int file = open((directory_.path() / "data.mdb").c_str(), O_RDONLY | O_CLOEXEC);
    ASSERT_GE(file, 0);
    EXPECT_EQ(fsync(file), 0);
    EXPECT_EQ(posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED), 0);
    ::close(file);
  }
  [[nodiscard]] std::vector<unsigned char> in_core(std::size_t record) const {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const auto& [value, size] = std::pair(log_.records()[record].value, log_.records()[record].size_bytes);
    const std::size_t before = reinterpret_cast<std::uintptr_t>(value) % page;
    std::vector<unsigned char> pages((before + size + page - 1) / page);
    void* start = const_cast<std::uint8_t*>(value - before);  // NOLINT(cppcoreguidelines-pro-type-const-cast)
    EXPECT_EQ(mincore(start, before + size, pages.data()), 0);
    return pages;
  }

  mutable volatile std::uint8_t looked_at_ = 0;
};

TEST_F(ReadAhead, WhoWritesBringsInNoMoreThanWasLookedAt) {
  look_at(7);
  EXPECT_TRUE(last_page_is_resident(7));
  EXPECT_LE(resident_pages(7), head_pages + 1) << "of " << all_pages(7);
}

TEST_F(ReadAhead, ALookupsPageIsThereBeforeItIsLookedAt) {
  LogReadAhead::of_lookup(*env_, log_, last_position(7));
  EXPECT_TRUE(arrives([&] { return last_page_is_resident(7); }));
  EXPECT_LE(resident_pages(7), head_pages + 1);
}

TEST_F(ReadAhead, APassFindsTheNextRecordsAndNotMoreThanThose) {
  LogReadAhead read_ahead;
  read_ahead.of_pass(*env_, log_, log_.records()[7].first_position);
  EXPECT_TRUE(arrives([&] { return resident_pages(7) == all_pages(7) && resident_pages(8) == all_pages(8); }));
  EXPECT_LE(resident_pages(11), head_pages);
  read_ahead.of_pass(*env_, log_, last_position(8));
  EXPECT_TRUE(arrives([&] { return resident_pages(9) == all_pages(9); }));
  read_ahead.of_pass(*env_, log_, log_.records()[2].first_position);  // another pass
  EXPECT_TRUE(arrives([&] { return resident_pages(2) == all_pages(2); }));
}

TEST_F(ReadAhead, NothingIsAskedForBeyondTheLog) {
  LogReadAhead read_ahead;
  read_ahead.of_pass(*env_, log_, last_position(records - 1));
  read_ahead.of_pass(*env_, log_, log_.tail());
  read_ahead.of_pass(*env_, log_, log_.head() - 1);
  LogReadAhead::of_lookup(*env_, log_, log_.tail() - 1);  // in the gap behind the last entry
  EXPECT_LE(resident_pages(7), head_pages);
}

TEST_F(ReadAhead, IsWorthwhileWhileTheThreadWaitsForTheDisk) {
  LogReadAhead read_ahead;
  read_ahead.note_chunk();
  read_ahead.note_chunk();
  EXPECT_FALSE(read_ahead.worthwhile());
  for (const std::size_t record : {3U, 4U, 5U, 6U}) look_at(record);
  read_ahead.note_chunk();
  EXPECT_TRUE(read_ahead.worthwhile());
  for (int chunk = 0; chunk < 64; ++chunk) read_ahead.note_chunk();
  EXPECT_FALSE(read_ahead.worthwhile());
}

}  // namespace
}  // namespace firstseen::store::test
