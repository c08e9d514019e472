#include "unit/ingest/into_a_file.h"

namespace firstseen::ingest::test {
namespace {

namespace fs = std::filesystem;

TEST_F(IntoAFile, EveryFileIsTakenOnceInOrderOfItsName) {
  write("b.jsonl", "{\"b\":1}\n{\"b\":2}\n");
  write("a.csv", "x\n1\n");
  expect_counts(run(), 2, 0, 0);
  EXPECT_EQ(output(), "{\"x\":\"1\"}\n{\"b\":1}\n{\"b\":2}\n");
  expect_counts(run(), 0, 2, 0);
  EXPECT_EQ(output(), "{\"x\":\"1\"}\n{\"b\":1}\n{\"b\":2}\n");
  const FileRecord file = record_of("b.jsonl");
  EXPECT_EQ(file.status, FileStatus::success);
  EXPECT_EQ(file.records, 2U);
  EXPECT_EQ(file.attempts, 1U);
  EXPECT_EQ(file.sha256.size(), 64U);
}

TEST_F(IntoAFile, TheSameContentUnderAnotherNameIsAnAlias) {
  write("a.jsonl", "1\n");
  write("b.jsonl", "1\n");
  expect_counts(run(), 1, 1, 0);
  EXPECT_EQ(output(), "1\n");
  EXPECT_TRUE(record_of("b.jsonl").alias_of.ends_with("/a.jsonl"));
  write("c.jsonl", "1\n");
  expect_counts(run(), 0, 3, 0);
}

TEST_F(IntoAFile, AChangedFileIsANewVersionUnlessThatIsRefused) {
  write("a.jsonl", "1\n");
  run();
  write("a.jsonl", "1\n2\n");
  options_.refuse_changed = true;
  expect_counts(run(), 0, 0, 1);
  EXPECT_TRUE(contains(failure(), "--refuse-changed"));
  EXPECT_EQ(record_of("a.jsonl").status, FileStatus::success);
  options_.refuse_changed = false;
  expect_counts(run(), 1, 0, 0);
  EXPECT_EQ(output(), "1\n1\n2\n");
  EXPECT_EQ(record_of("a.jsonl").version, 2U);
}

TEST_F(IntoAFile, AFailingFileLeavesNothingAndDoesNotStopTheOthersAndIsTriedAgain) {
  write("a.jsonl", "1\n2\n{\n");
  write("b.jsonl", "3\n");
  write("c.csv", "x,y\n1\n");
  write("d.unknown", "?");
  expect_counts(run(), 1, 0, 3);
  EXPECT_EQ(output(), "3\n");
  EXPECT_TRUE(contains(record_of("a.jsonl").error, "a.jsonl:3: this line is not JSON"));
  EXPECT_TRUE(contains(record_of("c.csv").error, "this row has 1 fields"));
  EXPECT_TRUE(contains(record_of("d.unknown").error, "--format"));
  write("a.jsonl", "1\n2\n");
  expect_counts(run(), 1, 1, 2);
  EXPECT_EQ(output(), "3\n1\n2\n");
  EXPECT_EQ(record_of("a.jsonl").attempts, 2U);
  EXPECT_EQ(record_of("c.csv").attempts, 2U);
}

TEST_F(IntoAFile, AnOutputThatIsThereIsContinuedAndOneThatWasShortenedIsRefused) {
  std::ofstream(*options_.output) << "before\n";
  write("a.jsonl", "1\n");
  run();
  EXPECT_EQ(output(), "before\n1\n");
  fs::resize_file(*options_.output, 3);
  auto ingestor = Ingestor::open(options_, clock_, {});
  ASSERT_TRUE(ingestor);
  write("b.jsonl", "2\n");
  const auto summary = (*ingestor)->run(list_files({(directory_.path() / "in").string()}, {}), {});
  ASSERT_FALSE(summary);
  EXPECT_TRUE(contains(summary.error().message, "shortened or replaced"));
  EXPECT_EQ(output(), "bef");
}

TEST_F(IntoAFile, RecordsAreToldApartByTheirKeyAcrossFilesAndRuns) {
  options_.keys.emplace();
  options_.keys->spec.scope = key::Scope::none;
  options_.keys->spec.fields = {{"payload:/id", std::nullopt}};
  options_.keys->max_size_bytes = 16U << 20U;
  write("a.jsonl", "{\"id\":1}\n{\"id\":2}\n{\"id\":1,\"again\":true}\n");
  write("b.jsonl", "{\"id\":2}\n{\"id\":3}\n{\"no\":0}\n");
  expect_counts(run(), 1, 0, 1);
  EXPECT_TRUE(contains(failure(), "line 3: record 3 has no key"));
  EXPECT_EQ(output(), "{\"id\":1}\n{\"id\":2}\n");
  EXPECT_EQ(record_of("a.jsonl").duplicates, 1U);
  write("b.jsonl", "{\"id\":2}\n{\"id\":3}\n");  // the failed attempt has left no key behind
  expect_counts(run(), 1, 1, 0);
  EXPECT_EQ(output(), "{\"id\":1}\n{\"id\":2}\n{\"id\":3}\n");
}

TEST_F(IntoAFile, ATransformMakesTheOutputLeavesOutRecordsAndMayRefuseAFile) {
  options_.format = Format::lines;
  options_.transform = [](const Record& record, OutputRecord& out) -> Result<bool> {
    if (record.bytes == "bad") return fail(Exit::bad_data, "bad is not welcome");
    out.value = "<" + out.value + ">";
    return record.bytes != "skip";
  };
  write("a", "x\nskip\ny\n");
  write("b", "z\nbad\n");
  expect_counts(run(), 1, 0, 1);
  EXPECT_EQ(output(), "<x>\n<y>\n");
  EXPECT_TRUE(contains(failure(), "bad is not welcome"));
}

TEST_F(IntoAFile, AnUnreadableNameIsAFailureAmongOthers) {
  write("a.jsonl", "1\n");
  auto ingestor = Ingestor::open(options_, clock_, {});
  ASSERT_TRUE(ingestor);
  const std::string in = (directory_.path() / "in").string();
  const auto summary = (*ingestor)->run(list_files({in + "/gone.jsonl", in}, {}), {});
  ASSERT_TRUE(summary);
  expect_counts(*summary, 1, 0, 1);
}

TEST_F(IntoAFile, ALedgerThatIsHeldOrOfAnotherTargetOrNoLedgerIsRefused) {
  write("a.jsonl", "1\n");
  {
    const auto holder = Ingestor::open(options_, clock_, {});
    ASSERT_TRUE(holder);
    const auto second = Ingestor::open(options_, clock_, {});
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().exit, Exit::try_again);
  }
  auto other = options_;
  other.output = directory_.path() / "elsewhere";
  auto refused = Ingestor::open(other, clock_, {});
  ASSERT_FALSE(refused);
  EXPECT_TRUE(contains(refused.error().message, "belongs to file"));
  EXPECT_FALSE(fs::exists(directory_.path() / "elsewhere"));
  other = options_;
  other.ledger = directory_.path() / "in";
  refused = Ingestor::open(other, clock_, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().exit, Exit::config);
  EXPECT_TRUE(contains(refused.error().message, "it holds a.jsonl"));
  EXPECT_FALSE(ledger_files(directory_.path() / "in"));
}

TEST_F(IntoAFile, WithoutAClockAndALogTimesAreTheMachines) {
  write("a.jsonl", "1\n");
  const std::int64_t begun_ms = clock_.wall_ms();
  const auto ingestor = Ingestor::open(options_);
  ASSERT_TRUE(ingestor);
  const auto summary = run_of(**ingestor);
  ASSERT_TRUE(summary);
  expect_counts(*summary, 1, 0, 0);
  EXPECT_GE(record_of("a.jsonl").started_ms, begun_ms);
  EXPECT_EQ(output(), "1\n");
}

TEST_F(IntoAFile, OptionsThatCannotGoTogetherAreRefused) {
  options_.jobs = 2;
  EXPECT_FALSE(Ingestor::open(options_, clock_, {}));
  options_.jobs = 1;
  options_.output.reset();
  EXPECT_FALSE(Ingestor::open(options_, clock_, {}));
  EXPECT_FALSE(fs::exists(options_.ledger));
}

}  // namespace
}  // namespace firstseen::ingest::test
