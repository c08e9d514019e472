// Another program appends to an output in the middle of a batch.
#include "unit/ingest/an_output.h"

namespace firstseen::ingest::test {
namespace {

/// As much as the sink writes at once.
std::string two_long_lines() {
  const std::string line = std::string(700'000, 'x') + "\n";
  return line + line;
}

class ADisturbedOutput : public AnOutput {
 protected:
  ADisturbedOutput() {
    write("a.txt", "1\n");
    run();
  }
  void append_at(Step step) {
    options_.hook = [this, step](Step reached) {
      if (reached == step) append("another's\n");
    };
  }
  void append_at_record(std::uint64_t number, const Result<bool>& answer) {
    options_.transform = [this, number, answer](const Record& record, OutputRecord&) -> Result<bool> {
      if (record.number != number) return true;
      append("another's\n");
      return answer;
    };
  }
  /// By the run that finds it, and by the next one, until a person has moved the other's lines away.
  void expect_refusal_that_cuts_nothing_off(const std::string& left) {
    for (int i = 0; i < 2; ++i) {
      expect_refusal(Exit::bad_data, "another program wrote there");
      EXPECT_TRUE(output() == left) << output().size() << " bytes, not " << left.size();
      options_.hook = {};
      options_.transform = {};
    }
    fs::resize_file(*options_.output, 2);
    expect_counts(run(), 1, 1, 0);
  }
};

TEST_F(ADisturbedOutput, BeforeTheFirstWriteOfABatchIsNotOverwritten) {
  write("b.txt", "2\n");
  append_at(Step::prepared);
  expect_refusal_that_cuts_nothing_off("1\nanother's\n");
  EXPECT_EQ(output(), "1\n2\n");
}

TEST_F(ADisturbedOutput, BetweenTwoWritesOfABatchIsNotOverwritten) {
  write("b.txt", two_long_lines() + two_long_lines());
  append_at_record(3, true);
  expect_refusal_that_cuts_nothing_off("1\n" + two_long_lines() + "another's\n");
  EXPECT_TRUE(output() == "1\n" + two_long_lines() + two_long_lines());
}

TEST_F(ADisturbedOutput, IsNotCutBackWhenTheFileFails) {
  write("b.txt", two_long_lines() + "2\n");
  append_at_record(3, fail(Exit::bad_data, "this record cannot be taken"));
  expect_refusal_that_cuts_nothing_off("1\n" + two_long_lines() + "another's\n");
  EXPECT_TRUE(output() == "1\n" + two_long_lines() + "2\n");
}

TEST_F(ADisturbedOutput, BehindTheLastWriteOfABatchIsNotCounted) {
  write("b.txt", "2\n");
  append_at(Step::published);
  expect_refusal_that_cuts_nothing_off("1\n2\nanother's\n");
  EXPECT_EQ(output(), "1\n2\n");
}

TEST_F(ADisturbedOutput, IsNotCutBackBehindAProcessThatDiedInTheBatch) {
  write("b.txt", "2\n");
  ASSERT_TRUE(dies_at(Step::published, 1));
  append("another's\n");
  expect_refusal_that_cuts_nothing_off("1\n2\nanother's\n");
  EXPECT_EQ(output(), "1\n2\n");
}

}  // namespace
}  // namespace firstseen::ingest::test
