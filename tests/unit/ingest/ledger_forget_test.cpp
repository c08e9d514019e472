#include "ingest/ingestor.h"
#include "ingest/ledger.h"
#include "ingest/ledger_inspect.h"
#include "unit/ingest/support.h"

namespace firstseen::ingest::test {
namespace {

class Forgetting : public testing::Test {
 protected:
  Forgetting() {
    directory_.write("a.jsonl", "1\n2\n");
    directory_.write("b.jsonl", "1\n2\n");
    directory_.write("c.jsonl", "3\n");
  }
  [[nodiscard]] std::string path(const std::string& name) const { return (directory_.path() / name).string(); }
  [[nodiscard]] IngestSummary ingest() const {
    IngestOptions options;
    options.ledger = path("ledger");
    options.output = path("out");
    auto ingestor = Ingestor::open(options, clock_, {});
    EXPECT_TRUE(ingestor) << (ingestor ? "" : ingestor.error().message);
    const auto summary = (*ingestor)->run(list_files({path("a.jsonl"), path("b.jsonl"), path("c.jsonl")}, {}), {});
    return summary ? *summary : IngestSummary{};
  }
  [[nodiscard]] std::unique_ptr<Ledger> open() const {
    auto ledger = Ledger::open(path("ledger"), clock_);
    EXPECT_TRUE(ledger) << (ledger ? "" : ledger.error().message);
    return ledger ? std::move(*ledger) : nullptr;
  }
  [[nodiscard]] Result<bool> forget(const std::string& name) const { return open()->forget(path(name)); }
  [[nodiscard]] std::string output() const {
    std::ifstream file(path("out"), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  TemporaryDirectory directory_;
  SystemClock clock_;
};

TEST_F(Forgetting, AForgottenFileIsIngestedAgainOnceAndNoOther) {
  EXPECT_EQ(ingest().processed, 2U);
  EXPECT_EQ(output(), "1\n2\n3\n");
  ASSERT_EQ(forget("a.jsonl"), true);
  EXPECT_EQ(ingest().processed, 1U);
  EXPECT_EQ(output(), "1\n2\n3\n1\n2\n");
  EXPECT_EQ(ingest().processed, 0U);
}

TEST_F(Forgetting, AForgottenAliasIsIngestedUnderItsOwnName) {
  EXPECT_EQ(ingest().processed, 2U);
  ASSERT_EQ(forget("b.jsonl"), true);
  EXPECT_EQ(ingest().processed, 1U);
  EXPECT_EQ(output(), "1\n2\n3\n1\n2\n");
  EXPECT_EQ(ingest().processed, 0U);
}

TEST_F(Forgetting, AFileThatFailedAfterItsSuccessIsForgottenWithWhatWasIngested) {
  EXPECT_EQ(ingest().processed, 2U);
  directory_.write("c.jsonl", "{\n");
  EXPECT_EQ(ingest().failed, 1U);
  ASSERT_EQ(forget("c.jsonl"), true);
  directory_.write("c.jsonl", "3\n");
  EXPECT_EQ(ingest().processed, 1U);
  EXPECT_EQ(output(), "1\n2\n3\n3\n");
}

TEST_F(Forgetting, AFileThatNoRunHasMetIsUnknown) {
  EXPECT_EQ(ingest().processed, 2U);
  EXPECT_EQ(forget("d.jsonl"), false);
  EXPECT_EQ(ingest().processed, 0U);
}

TEST_F(Forgetting, AFileWhoseBatchIsUndecidedIsNotForgotten) {
  const Ledger::Candidate file{path("a.jsonl"), std::string(64, 'a'), 4, "jsonl"};
  {
    const auto ledger = open();
    ASSERT_TRUE(ledger->claim(file, true));
    ASSERT_TRUE(ledger->prepare(0, {.path = file.path, .sha256 = file.sha256, .records = 1}));
  }
  EXPECT_EQ(ledger_facts(path("ledger"))->undecided, 1U);
  const auto refused = forget("a.jsonl");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().exit, Exit::try_again);
  EXPECT_TRUE(contains(refused.error().message, "is not decided yet"));
  ASSERT_TRUE(open()->settle(0)) << "nothing was changed";
  ASSERT_EQ(forget("a.jsonl"), true);
  EXPECT_EQ(open()->claim(file, true)->skip_records, 0U) << "it begins at its first record";
}

}  // namespace
}  // namespace firstseen::ingest::test
