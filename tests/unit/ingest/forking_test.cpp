// An ingestor in a program that forks.
#include "support/forking.h"

#include <optional>

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

}  // namespace
}  // namespace firstseen::ingest::test
