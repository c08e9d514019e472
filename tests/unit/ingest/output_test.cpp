// Whose an output file is, and what is left of a batch that never came to its end.
#include "unit/ingest/an_output.h"

namespace firstseen::ingest::test {
namespace {

TEST_F(AnOutput, HoldsEachRecordOnceAtWhicheverStepAProcessDies) {
  write("a.txt", "1\n2\n");
  write("b.txt", "3\n4\n");
  options_.records_per_transaction = 1;
  for (const bool with_keys : {false, true}) {
    if (with_keys) {
      options_.keys.emplace();
      options_.keys->spec.scope = key::Scope::none;
      options_.keys->spec.fields = {{"payload", std::nullopt}};
      options_.keys->max_size_bytes = 16U << 20U;
    }
    for (const std::string_view name : output_step_names) {
      const auto step = static_cast<Step>(std::ranges::find(step_names, name) - step_names.begin());
      if (step == Step::keys_prepared && !with_keys) continue;
      for (const int count : {1, 2}) {
        const fs::path fresh = directory_.path() / (std::string(name) + std::to_string(count) + (with_keys ? "k" : ""));
        fs::create_directory(fresh);
        options_.ledger = fresh / "ledger";
        options_.output = fresh / "out";
        const bool is_cut = step == Step::cut_back;
        EXPECT_TRUE(!is_cut || dies_at(Step::published, count)) << name;
        EXPECT_TRUE(dies_at(step, is_cut ? 1 : count)) << name;
        run();
        EXPECT_EQ(output(), "1\n2\n3\n4\n") << name << " " << count;
      }
    }
  }
}

TEST_F(AnOutput, LosesATornBatch) {
  write("a.txt", "1\n");
  run();
  write("b.txt", "2\n3\n");
  ASSERT_TRUE(dies_at(Step::published, 1));
  ASSERT_EQ(output(), "1\n2\n3\n");
  fs::resize_file(*options_.output, 5);
  expect_counts(run(), 1, 1, 0);
  EXPECT_EQ(output(), "1\n2\n3\n");
}

TEST_F(AnOutput, OfAnotherLedgerIsRefusedBeforeAnythingIsWritten) {
  write("a.txt", "1\n");
  run();
  if (!bears_claim()) GTEST_SKIP() << "no extended attributes here";
  const fs::path first = std::exchange(options_.ledger, directory_.path() / "second");
  expect_refusal(Exit::config, "belongs to the ledger ");
  expect_refusal(Exit::config, "(" + first.string() + ")");
  EXPECT_EQ(output(), "1\n");
  options_.ledger = first;
  write("b.txt", "2\n");
  expect_counts(run(), 1, 1, 0);
  EXPECT_EQ(output(), "1\n2\n");
}

TEST_F(AnOutput, ThatASecondLedgerContinuedIsNotCutBackByTheFirst) {
  write("a.txt", "1\n");
  run();
  drop_claim();
  const fs::path first = std::exchange(options_.ledger, directory_.path() / "second");
  expect_counts(run(), 1, 0, 0);
  EXPECT_EQ(output(), "1\n1\n");
  drop_claim();
  options_.ledger = first;
  write("b.txt", "2\n");
  expect_refusal(Exit::bad_data, "has 4 bytes, the ledger " + first.string() + " knows of 2");
  EXPECT_EQ(output(), "1\n1\n");
}

TEST_F(AnOutput, KeepsWhatOthersAppendedUntilItIsMovedAway) {
  write("a.txt", "1\n");
  run();
  append("another's\n");
  write("b.txt", "2\n");
  expect_refusal(Exit::bad_data, "truncate -s 2 FILE");
  EXPECT_EQ(output(), "1\nanother's\n");
  fs::resize_file(*options_.output, 2);
  expect_counts(run(), 1, 1, 0);
  EXPECT_EQ(output(), "1\n2\n");
}

TEST_F(AnOutput, KeepsWhatOthersAppendedBetweenTwoBatches) {
  write("a.txt", "1\n");
  const auto ingestor = open();
  ASSERT_TRUE(run_of(*ingestor));
  append("another's\n");
  write("b.txt", "2\n");
  for (int i = 0; i < 2; ++i) expect_refusal(*ingestor, Exit::bad_data, "has 12 bytes");
  EXPECT_EQ(output(), "1\nanother's\n");
}

TEST_F(AnOutput, ThatTookThePlaceOfOneThatWasBeingWrittenIsNotCutBack) {
  write("a.txt", "1\n");
  ASSERT_TRUE(dies_at(Step::published, 1));
  if (!bears_claim()) GTEST_SKIP() << "no extended attributes here";
  fs::remove(*options_.output);
  append("another's\n");
  expect_refusal(Exit::bad_data, "knows of 0");
  EXPECT_EQ(output(), "another's\n");
}

TEST_F(AnOutput, ThatWasThereBeforeIsContinuedBehindItsLastLineAndRefusedWhileThatHasNoEnd) {
  write("a.txt", "1\n");
  append("before");
  expect_refusal(Exit::bad_data, "does not end with a line feed");
  EXPECT_EQ(output(), "before");
  EXPECT_FALSE(bears_claim());
  append("\n");
  expect_counts(run(), 1, 0, 0);
  EXPECT_EQ(output(), "before\n1\n");
}

TEST_F(AnOutput, ThatIsGoneIsToldAndNotMadeAnew) {
  write("a.txt", "1\n");
  run();
  const fs::path elsewhere = directory_.path() / "elsewhere";
  fs::rename(*options_.output, elsewhere);
  write("b.txt", "2\n");
  expect_refusal(Exit::bad_data, "is gone, the ledger knows of 2 bytes in it");
  EXPECT_FALSE(fs::exists(*options_.output));
  fs::copy_file(elsewhere, *options_.output);  // a copy bears no claim
  expect_counts(run(), 1, 1, 0);
  EXPECT_EQ(output(), "1\n2\n");
}

TEST_F(AnOutput, ThatWasMovedAwayDuringARunTakesNoMore) {
  write("a.txt", "1\n");
  const auto ingestor = open();
  ASSERT_TRUE(run_of(*ingestor));
  const fs::path elsewhere = directory_.path() / "elsewhere";
  const std::string before = output();
  write("b.txt", "2\n");
  bool moved = false;
  // Between the run's beginning and the batch's first byte.
  const auto refused = ingestor->run(list_files({in()}, {}), [&](const FileOutcome&) {
    if (!std::exchange(moved, true)) fs::rename(*options_.output, elsewhere);
  });
  ASSERT_TRUE(moved);
  ASSERT_FALSE(refused);
  EXPECT_TRUE(contains(refused.error().message, "was moved away, removed or replaced"));
  fs::rename(elsewhere, *options_.output);
  EXPECT_EQ(output(), before);
  const auto summary = run_of(*ingestor);
  ASSERT_TRUE(summary) << summary.error().message;
  expect_counts(*summary, 1, 1, 0);
  EXPECT_EQ(output(), "1\n2\n");
}

TEST_F(AnOutput, ThatHeldNothingYetMayGo) {
  write("a.jsonl", "{\n");
  expect_counts(run(), 0, 0, 1);
  ASSERT_TRUE(fs::remove(*options_.output));
  write("a.jsonl", "1\n");
  expect_counts(run(), 1, 0, 0);
  EXPECT_EQ(output(), "1\n");
}

}  // namespace
}  // namespace firstseen::ingest::test
