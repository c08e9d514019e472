#include "ingest/ledger_inspect.h"

#include "ingest/ingestor.h"
#include "ingest/ledger.h"
#include "ingest/ledger_tables.h"
#include "unit/ingest/support.h"

namespace firstseen::ingest::test {
namespace {

namespace fs = std::filesystem;

/// A ledger of two files, of which one has failed.
class LookingIntoALedger : public testing::Test {
 protected:
  LookingIntoALedger() {
    options_.ledger = path("ledger");
    options_.output = path("out");
    directory_.write("b.jsonl", "1\n2\n");
    directory_.write("a.jsonl", "{\n");
  }
  [[nodiscard]] fs::path path(const std::string& name) const { return directory_.path() / name; }
  [[nodiscard]] std::unique_ptr<Ingestor> ingested() const {
    auto ingestor = Ingestor::open(options_, clock_, {});
    if (!ingestor) {
      ADD_FAILURE() << ingestor.error().message;
      return nullptr;
    }
    const auto files = list_files({path("a.jsonl").string(), path("b.jsonl").string()}, {});
    EXPECT_TRUE((*ingestor)->run(files, {}));
    return std::move(*ingestor);
  }

  TemporaryDirectory directory_;
  SystemClock clock_;
  IngestOptions options_;
};

TEST_F(LookingIntoALedger, TellsEveryFileInOrderWhileAnIngestorHoldsItAndAfterwards) {
  auto ingestor = ingested();
  for (const bool held : {true, false}) {
    if (!held) ingestor.reset();
    const auto files = ledger_files(options_.ledger);
    ASSERT_TRUE(files) << files.error().message;
    ASSERT_EQ(files->size(), 2U);
    EXPECT_EQ(files->at(0).path, path("a.jsonl"));
    EXPECT_EQ(files->at(0).status, FileStatus::failed);
    EXPECT_TRUE(contains(files->at(0).error, "a.jsonl:1: "));
    EXPECT_EQ(files->at(1).status, FileStatus::success);
    EXPECT_EQ(files->at(1).records, 2U);
    EXPECT_GE(files->at(1).finished_ms, files->at(1).started_ms);
    const auto facts = ledger_facts(options_.ledger);
    ASSERT_TRUE(facts) << facts.error().message;
    EXPECT_EQ(facts->target, "file " + path("out").string());
    EXPECT_EQ(facts->output_length, 4U);
    EXPECT_EQ(facts->id.size(), 32U);
  }
}

TEST_F(LookingIntoALedger, FindsOneFileHoweverItsPathIsWritten) {
  const auto ingestor = ingested();
  for (const fs::path& name : {path("b.jsonl"), path("x/../b.jsonl"), fs::relative(path("b.jsonl"))}) {
    const auto file = ledger_file(options_.ledger, name);
    ASSERT_TRUE(file && *file) << name;
    EXPECT_EQ((*file)->path, path("b.jsonl"));
  }
  const auto unknown = ledger_file(options_.ledger, path("c.jsonl"));
  ASSERT_TRUE(unknown);
  EXPECT_FALSE(*unknown);
}

TEST_F(LookingIntoALedger, RefusesADirectoryWithoutOneAndMakesNothingThere) {
  const auto refused = ledger_files(path("absent"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().exit, Exit::config);
  EXPECT_TRUE(contains(refused.error().message, "is not a ledger"));
  EXPECT_FALSE(holds_ledger(path("absent")));
  EXPECT_FALSE(ledger_facts(directory_.path()));
  EXPECT_FALSE(fs::exists(path("absent")));
}

TEST_F(LookingIntoALedger, RefusesALedgerOfAnotherFormat) {
  ASSERT_TRUE(ingested());
  ASSERT_TRUE(holds_ledger(options_.ledger));
  {
    auto env = store::Env::open({.directory = options_.ledger / "ledger",
                                 .map_bytes = 1U << 20U,
                                 .databases = ledger_tables::database_names()});
    ASSERT_TRUE(env);
    auto txn = store::Txn::begin(**env, store::Txn::Mode::write);
    ASSERT_TRUE(txn);
    ASSERT_TRUE(ledger_tables::put_text(*txn, *(*env)->database("meta"), "kind", "firstseen ingest ledger, format 2"));
    ASSERT_TRUE(txn->commit());
  }
  const auto expect_refusal = [](const auto& result) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().exit, Exit::config);
    EXPECT_TRUE(contains(result.error().message, "it is a 'firstseen ingest ledger, format 2'"));
  };
  expect_refusal(ledger_files(options_.ledger));
  expect_refusal(ledger_file(options_.ledger, path("a.jsonl")));
  expect_refusal(ledger_facts(options_.ledger));
  expect_refusal(Ledger::open(options_.ledger, clock_));
}

}  // namespace
}  // namespace firstseen::ingest::test
