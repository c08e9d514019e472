// What is told of a file that fails when some of its batches count already.
#include "unit/ingest/into_a_file.h"

namespace firstseen::ingest::test {
namespace {

class FailedBehindBatches : public IntoAFile {
 protected:
  FailedBehindBatches() {
    options_.records_per_transaction = 1;
    options_.transform = [this](const Record& record, OutputRecord&) -> Result<bool> {
      if (record.number == fail_at_) return fail(Exit::bad_data, "this record cannot be taken");
      return true;
    };
  }
  std::uint64_t fail_at_ = 2;  ///< 0: at none
};

TEST_F(FailedBehindBatches, TheRecordsThatCountAreInTheSummaryInTheOutcomeAndInTheLedger) {
  write("a.txt", "1\n2\n");
  const IngestSummary summary = run();
  expect_counts(summary, 0, 0, 1);
  EXPECT_EQ(output(), "1\n");
  EXPECT_EQ(summary.records, 1U);
  EXPECT_EQ(summary.failed_records, 1U);
  EXPECT_EQ(outcomes_.at(0).records, 1U);
  EXPECT_EQ(record_of("a.txt").status, FileStatus::failed);
  EXPECT_EQ(record_of("a.txt").records, 1U);
}

TEST_F(FailedBehindBatches, TheNextRunTellsOfTheRestOnlyAndTheLedgerOfAll) {
  write("a.txt", "1\n2\n3\n");
  run();
  fail_at_ = 0;
  const IngestSummary summary = run();
  expect_counts(summary, 1, 0, 0);
  EXPECT_EQ(output(), "1\n2\n3\n");
  EXPECT_EQ(summary.records, 2U);
  EXPECT_EQ(summary.failed_records, 0U);
  EXPECT_EQ(record_of("a.txt").records, 3U);
}

TEST_F(FailedBehindBatches, AnAttemptThatFailsAtItsFirstRecordKeepsWhatTheOnesBeforeHad) {
  write("a.txt", "1\n2\n");
  run();
  const IngestSummary summary = run();
  expect_counts(summary, 0, 0, 1);
  EXPECT_EQ(summary.records, 0U) << "told of before";
  EXPECT_EQ(record_of("a.txt").records, 1U);
}

TEST_F(FailedBehindBatches, RecordsOfAContentThatSucceedsUnderAnotherPathAreTheOtherPathsOnly) {
  write("a.txt", "1\n2\n");
  run();
  std::filesystem::rename(in() + "/a.txt", in() + "/b.txt");
  fail_at_ = 0;
  expect_counts(run(), 1, 0, 0);
  EXPECT_EQ(output(), "1\n2\n");
  EXPECT_EQ(record_of("a.txt").records, 0U);
  EXPECT_EQ(record_of("b.txt").records, 2U);
}

TEST_F(FailedBehindBatches, AnotherFormatThanThatOfTheRecordsThatCountLeavesThemInTheLedger) {
  write("a.txt", "1\n2\n");
  run();
  options_.format = Format::json_lines;
  expect_counts(run(), 0, 0, 1);
  EXPECT_TRUE(contains(failure(), "go on with --format lines"));
  EXPECT_EQ(record_of("a.txt").records, 1U);
}

}  // namespace
}  // namespace firstseen::ingest::test
