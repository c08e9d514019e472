// What is told of a file when the answer to one of its batches was lost, or the process died before it came.
#include "ingest/worker.h"
#include "unit/ingest/support.h"

namespace firstseen::ingest::test {
namespace {

/// Every batch that is prepared stands, but one commit gives no answer. As a topic whose transactions all commit.
class StandingSink final : public Sink {
 public:
  explicit StandingSink(Ledger& ledger) : ledger_(ledger) {}
  Result<void> recover() override { return ledger_.settle(0); }
  Result<void> begin() override { return {}; }
  Result<void> add(const OutputRecord&, const std::string&, std::uint64_t) override { return {}; }
  Result<void> commit(const Batch& batch) override {
    if (auto mark = ledger_.prepare(0, batch); !mark) return forward(mark.error());
    if (++commits_ == fail_at) return fail(fail_with, Exit::unavailable, "no answer");
    return ledger_.settle(0);
  }
  Result<void> abort() override { return ledger_.roll_back(0); }

  int fail_at = 0;
  Action fail_with = Action::stop;

 private:
  Ledger& ledger_;
  int commits_ = 0;
};

class RecoveredBatches : public testing::Test {
 protected:
  RecoveredBatches() : file_(directory_.write("a.jsonl", "1\n2\n3\n")) { start(); }
  /// A process begins, behind one that has ended.
  void start() {
    worker_.reset();
    sink_.reset();
    ledger_.reset();
    auto ledger = Ledger::open(directory_.path() / "ledger", clock_);
    if (!ledger) std::abort();
    ledger_ = std::move(*ledger);
    sink_ = std::make_unique<StandingSink>(*ledger_);
    worker_ = std::make_unique<Worker>(options_, *ledger_, *sink_, nullptr, log_);
  }
  [[nodiscard]] FileOutcome ingest() const {
    const auto outcome = worker_->ingest(file_);
    if (!outcome || !*outcome) {
      ADD_FAILURE() << (outcome ? "busy" : outcome.error().message);
      return {};
    }
    return **outcome;
  }

  TemporaryDirectory directory_;
  SystemClock clock_;
  IngestOptions options_;
  LogSink log_;
  std::filesystem::path file_;
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<StandingSink> sink_;
  std::unique_ptr<Worker> worker_;
};

TEST_F(RecoveredBatches, AFileThatIsFoundCommittedAtTheNextStartIsToldOnceWithItsRecords) {
  sink_->fail_at = 1;
  ASSERT_FALSE(worker_->ingest(file_));
  start();
  ASSERT_TRUE(sink_->recover());
  const FileOutcome found = ingest();
  EXPECT_EQ(found.kind, FileOutcome::Kind::processed);
  EXPECT_EQ(found.records, 3U);
  EXPECT_EQ(found.detail, "");
  const FileOutcome again = ingest();
  EXPECT_EQ(again.kind, FileOutcome::Kind::skipped);
  EXPECT_EQ(again.records, 0U);
}

TEST_F(RecoveredBatches, AFileOfWhichABatchIsFoundCommittedIsToldWithItAndTheRest) {
  options_.records_per_transaction = 1;
  sink_->fail_at = 2;
  ASSERT_FALSE(worker_->ingest(file_));
  start();
  ASSERT_TRUE(sink_->recover());
  EXPECT_EQ(ingest().records, 2U) << "the first batch was settled by the process that died";
}

TEST_F(RecoveredBatches, ACommitWhoseAnswerIsLostIsToldWithItsRecords) {
  sink_->fail_at = 1;
  sink_->fail_with = Action::restart;
  const FileOutcome outcome = ingest();
  EXPECT_EQ(outcome.kind, FileOutcome::Kind::processed);
  EXPECT_EQ(outcome.records, 3U);
}

TEST_F(RecoveredBatches, AFileThatTookSeveralAttemptsIsToldWithTheRecordsOfAll) {
  options_.records_per_transaction = 1;
  for (const Action trouble : {Action::abort, Action::restart}) {
    start();
    sink_->fail_at = 2;
    sink_->fail_with = trouble;
    EXPECT_EQ(ingest().records, 3U);
    ASSERT_TRUE(ledger_->forget(file_.string()));
  }
}

}  // namespace
}  // namespace firstseen::ingest::test
