// An ingestor in a program that forks.
#include "support/forking.h"

#include <optional>

#include "ingest/ledger.h"
#include "unit/ingest/into_a_file.h"

namespace firstseen::ingest::test {
namespace {

using firstseen::test::forked;
using firstseen::test::IdleChild;
using firstseen::test::status_of;

TEST_F(IntoAFile, TheOutputAndTheLedgerAreFreeWhenTheirIngestorIsGoneThoughAChildForkedMeanwhileLives) {
  write("a.txt", "1\n");
  auto first = open();
  ASSERT_TRUE(first);
  ASSERT_TRUE(run_of(*first));
  const IdleChild child;
  first.reset();
  write("b.txt", "2\n");
  expect_counts(run(), 1, 1, 0);
  EXPECT_EQ(output(), "1\n2\n");
}

TEST_F(IntoAFile, TheOutputAndTheLedgerStayTheirIngestorsWhenAChildEnds) {
  write("a.txt", "1\n");
  auto first = open();
  ASSERT_TRUE(first);
  ASSERT_TRUE(run_of(*first));
  EXPECT_EQ(status_of(forked([&] { first.reset(); })), 0);
  IngestOptions others = options_;
  EXPECT_EQ(Ingestor::open(others, clock_, {}).error().exit, Exit::try_again) << "the ledger";
  others.ledger = directory_.path() / "other ledger";
  {
    const auto second = Ingestor::open(others, clock_, {});
    ASSERT_TRUE(second);
    const auto refused = run_of(**second);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().exit, Exit::try_again) << "the output";
  }
  write("b.txt", "2\n");
  ASSERT_TRUE(run_of(*first));
  EXPECT_EQ(output(), "1\n2\n");
}

/// What a call gives in a forked child; 0: it succeeded.
int exit_in_a_child(const std::function<std::optional<Error>()>& call) {
  const int status = status_of(forked([&] {
    const auto error = call();
    ::_exit(error ? static_cast<int>(error->exit) : 0);
  }));
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

template <class T>
std::optional<Error> error_of(const Result<T>& result) {
  return result ? std::nullopt : std::optional(result.error());
}

TEST_F(IntoAFile, AForkedChildCannotGoOnWithItsParentsIngestor) {
  write("a.txt", "1\n");
  const auto ingestor = open();
  ASSERT_TRUE(ingestor);
  ASSERT_TRUE(run_of(*ingestor));
  write("b.txt", "2\n");
  EXPECT_EQ(exit_in_a_child([&] { return error_of(run_of(*ingestor)); }), static_cast<int>(Exit::internal));
  EXPECT_EQ(ledger_files(options_.ledger)->size(), 1U) << "it has not even heard of b.txt";
  ASSERT_TRUE(run_of(*ingestor)) << "the parent goes on";
  EXPECT_EQ(output(), "1\n2\n");
}

TEST_F(IntoAFile, AForkedChildNeitherChangesNorReadsItsParentsLedger) {
  const auto ledger = Ledger::open(options_.ledger, clock_);
  ASSERT_TRUE(ledger);
  const int refused = static_cast<int>(Exit::internal);
  EXPECT_EQ(exit_in_a_child([&] { return error_of((*ledger)->pin_target("elsewhere")); }), refused);
  EXPECT_EQ(exit_in_a_child([&] { return error_of((*ledger)->undecided()); }), refused);
  EXPECT_EQ(exit_in_a_child([&] { return error_of((*ledger)->output()); }), refused);
  EXPECT_TRUE((*ledger)->pin_target("here"));
}

}  // namespace
}  // namespace firstseen::ingest::test
