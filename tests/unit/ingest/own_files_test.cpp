// A run whose ledger and output are below the directory that it ingests.
#include "unit/ingest/into_a_file.h"

namespace firstseen::ingest::test {
namespace {

namespace fs = std::filesystem;

class BesideItsInput : public IntoAFile {
 protected:
  BesideItsInput() {
    options_.ledger = fs::path(in()) / "ledger";
    options_.output = fs::path(in()) / "out.jsonl";
    options_.format = Format::lines;  // any file would do
    write("a.txt", "1\n2\n");
  }
  void compare_records() {
    options_.keys.emplace();
    options_.keys->spec.scope = key::Scope::none;
    options_.keys->spec.fields = {{"payload", std::nullopt}};
    options_.keys->max_size_bytes = 16U << 20U;
  }
};

TEST_F(BesideItsInput, LedgerAndOutputAreNeverInputAndThatIsToldInOneLine) {
  compare_records();
  expect_counts(run(), 1, 0, 0);
  expect_counts(run(), 0, 1, 0);
  log_.clear();
  expect_counts(run(), 0, 1, 0);
  EXPECT_EQ(output(), "1\n2\n");
  EXPECT_EQ(ledger_files(options_.ledger)->size(), 1U);
  EXPECT_EQ(std::ranges::count(log_, '\n'), 1) << log_;
  EXPECT_TRUE(contains(log_, "left out what this run writes itself: " + options_.output->string() + ", "));
  EXPECT_TRUE(contains(log_, " files of the ledger " + options_.ledger.string()));
}

TEST_F(BesideItsInput, TheOutputIsKnownThroughLinksAndInEverySpelling) {
  std::ofstream(*options_.output) << "0\n";
  fs::create_symlink("out.jsonl", fs::path(in()) / "symbolic.txt");
  fs::create_hard_link(*options_.output, fs::path(in()) / "hard.txt");
  fs::create_directory_symlink(in(), directory_.path() / "elsewhere");
  const std::string other = (directory_.path() / "elsewhere/out.jsonl").string();
  const auto ingestor = open();
  ASSERT_TRUE(ingestor);
  for (int i = 0; i < 2; ++i) {
    const auto summary = ingestor->run(list_files({in(), other}, {}), {});
    ASSERT_TRUE(summary) << summary.error().message;
    EXPECT_EQ(summary->processed + summary->skipped, 1U);
    EXPECT_EQ(summary->failed, 0U);
  }
  EXPECT_EQ(output(), "0\n1\n2\n");
  for (const char* name : {"/in/symbolic.txt", "/in/hard.txt", "/in/out.jsonl", "/elsewhere/out.jsonl"}) {
    EXPECT_TRUE(contains(log_, directory_.path().string() + name));
  }
}

TEST_F(BesideItsInput, OtherFilesInTheLedgersDirectoryAreInput) {
  expect_counts(run(), 1, 0, 0);
  write("ledger/b.txt", "3\n");
  expect_counts(run(), 1, 1, 0);
  EXPECT_EQ(output(), "1\n2\n3\n");
}

TEST_F(BesideItsInput, FilesWhereKeysWouldBeAreInputWithAndWithoutAKey) {
  write("ledger/keys/b.txt", "3\n");
  write("ledger/keys/slot-0/c.txt", "4\n");
  fs::create_directories(options_.ledger / "ledger");  // so that it is a ledger's directory
  expect_counts(run(), 3, 0, 0);
  EXPECT_EQ(output(), "1\n2\n3\n4\n");
  fs::remove(options_.ledger / "keys/slot-0/c.txt");  // the store's own folder has no room for it
  write("ledger/keys/d.txt", "5\n");
  compare_records();
  expect_counts(run(), 1, 2, 0);
  EXPECT_EQ(output(), "1\n2\n3\n4\n5\n");
}

TEST_F(BesideItsInput, KeysOfAnEarlierRunAreNoInputOfOneWithoutAKey) {
  compare_records();
  expect_counts(run(), 1, 0, 0);
  options_.keys.reset();
  write("ledger/keys/b.txt", "3\n");
  expect_counts(run(), 1, 1, 0);
  EXPECT_EQ(output(), "1\n2\n3\n");
}

}  // namespace
}  // namespace firstseen::ingest::test
