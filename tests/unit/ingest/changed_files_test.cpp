// What the ledger remembers of a path whose content changes, with failures in between.
#include <nlohmann/json.hpp>

#include "ingest/ledger.h"
#include "unit/ingest/into_a_file.h"

namespace firstseen::ingest::test {
namespace {

TEST_F(IntoAFile, AChangedFileStaysRefusedAfterAnAttemptThatFailed) {
  write("a.jsonl", "1\n");
  expect_counts(run(), 1, 0, 0);
  write("a.jsonl", "1\n{\n");
  expect_counts(run(), 0, 0, 1);
  EXPECT_EQ(record_of("a.jsonl").status, FileStatus::failed);
  write("a.jsonl", "1\n2\n");
  options_.refuse_changed = true;
  expect_counts(run(), 0, 0, 1);
  EXPECT_TRUE(contains(failure(), "--refuse-changed"));
  EXPECT_EQ(output(), "1\n");
}

TEST_F(IntoAFile, AChangedFileStaysRefusedAfterItCouldNotEvenBeRead) {
  options_.refuse_changed = true;
  options_.records_per_transaction = 1;  // so that all of a file is read before it is claimed
  write("a.jsonl", "1\n");
  expect_counts(run(), 1, 0, 0);
  write("a.jsonl", "{\n");
  expect_counts(run(), 0, 0, 1);
  write("a.jsonl", "1\n2\n");
  expect_counts(run(), 0, 0, 1);
  EXPECT_TRUE(contains(failure(), "--refuse-changed"));
  EXPECT_EQ(output(), "1\n");
}

TEST_F(IntoAFile, AContentThatComesBackUnderItsPathIsDoneAndNoAliasOfItself) {
  write("a.jsonl", "1\n");
  expect_counts(run(), 1, 0, 0);
  for (const char* in_between : {"{\n", "2\n"}) {
    write("a.jsonl", in_between);
    run();
    write("a.jsonl", "1\n");
    options_.refuse_changed = in_between[0] == '{';
    expect_counts(run(), 0, 1, 0);
    EXPECT_EQ(outcomes_.at(0).detail, "ingested before");
    const FileRecord file = record_of("a.jsonl");
    EXPECT_EQ(file.status, FileStatus::success);
    EXPECT_EQ(file.alias_of, "");
    EXPECT_EQ(file.error, "");
    EXPECT_EQ(file.records, 1U);
    options_.refuse_changed = false;
  }
  EXPECT_EQ(output(), "1\n2\n");
}

TEST_F(IntoAFile, AnAliasThatChangesIsRefusedToo) {
  write("a.jsonl", "1\n");
  write("b.jsonl", "1\n");
  expect_counts(run(), 1, 1, 0);
  write("b.jsonl", "2\n");
  options_.refuse_changed = true;
  expect_counts(run(), 0, 1, 1);
  EXPECT_EQ(output(), "1\n");
}

TEST(FileRecord, OfALedgerOfTheFirstVersionTellsWhatWasIngested) {
  FileRecord written;
  written.status = FileStatus::success;
  written.sha256 = std::string(64, 'a');
  const std::string bytes = encode(written);
  auto json = nlohmann::json::from_cbor(bytes);
  json.erase("ingested_sha256");
  const auto decoded = [&] {
    std::string older;
    nlohmann::json::to_cbor(json, older);
    return decode_file(store::bytes_of(older));
  };
  ASSERT_TRUE(decoded());
  EXPECT_EQ(decoded()->ingested_sha256, written.sha256);
  json["status"] = "failed";
  EXPECT_EQ(decoded()->ingested_sha256, "");
}

/// One content under two paths.
class Claims : public testing::Test {
 protected:
  const TemporaryDirectory directory;
  const SystemClock clock;
  const std::unique_ptr<Ledger> ledger = std::move(*Ledger::open(directory.path() / "ledger", clock));
  const std::string sha256 = std::string(64, 'a');
  const Ledger::Candidate first{"/first", sha256, 1, "lines"};
  const Ledger::Candidate second{"/second", sha256, 1, "lines"};
};

TEST_F(Claims, AContentStaysInHandWhileItsWorkerAsksWhereToGoOn) {
  EXPECT_EQ(ledger->claim(first, true)->kind, Claim::Kind::ingest);
  EXPECT_EQ(ledger->claim_again(first)->kind, Claim::Kind::ingest);
  EXPECT_EQ(ledger->claim(second, true)->kind, Claim::Kind::busy);
  ASSERT_TRUE(ledger->prepare(0, {.path = "/first", .sha256 = sha256, .records = 1, .last = true}));
  ASSERT_TRUE(ledger->settle(0));
  EXPECT_EQ(ledger->claim_again(first)->kind, Claim::Kind::done);
  ledger->release(sha256);
  EXPECT_EQ(ledger->claim(second, true)->kind, Claim::Kind::alias);
}

TEST_F(Claims, AContentWhoseBatchIsUndecidedIsLeftToTheNextRunUnderEveryPath) {
  EXPECT_EQ(ledger->claim(first, true)->kind, Claim::Kind::ingest);
  ASSERT_TRUE(ledger->prepare(0, {.path = "/first", .sha256 = sha256, .records = 1}));
  ledger->release(sha256);  // its worker does not know whether the broker has committed, and has ended the run
  EXPECT_EQ(ledger->claim(second, true)->kind, Claim::Kind::busy);
  ASSERT_TRUE(ledger->settle(0));
  EXPECT_EQ(ledger->claim(second, true)->skip_records, 1U);
}

}  // namespace
}  // namespace firstseen::ingest::test
