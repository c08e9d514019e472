#include "ingest/ingestor.h"

#include <gtest/gtest.h>

#include <fstream>

#include "kafka/mock_cluster.h"
#include "support/temporary_directory.h"

namespace firstseen::ingest::test {
namespace {

TEST(IngestorIntoATopic, ARunThatEndedForWantOfABrokerIsRepeatedByTheSameIngestor) {
  const firstseen::test::TemporaryDirectory directory;
  auto cluster = kafka::MockCluster::start();
  ASSERT_TRUE(cluster);
  ASSERT_TRUE((*cluster)->create_topic("orders", 2));
  std::vector<std::string> names;
  for (const char* name : {"a.jsonl", "b.jsonl", "c.jsonl"}) {
    names.push_back(directory.path() / name);
    std::ofstream(names.back()) << '"' << name << "\"\n";
  }
  IngestOptions options;
  options.ledger = directory.path() / "ledger";
  options.topic.emplace();
  options.topic->brokers = {(*cluster)->brokers()};
  options.topic->topic = "orders";
  options.topic->patience = Millis{5000};
  options.undecided = Undecided::aborted;  // the mock cluster keeps no marks
  bool went_down = false;
  options.hook = [&](Step step) {
    if (step == Step::claimed && !went_down) went_down = (*cluster)->set_down(true).has_value();
  };
  const SystemClock clock;
  auto ingestor = Ingestor::open(options, clock, {});
  ASSERT_TRUE(ingestor) << ingestor.error().message;
  const auto stopped = (*ingestor)->run(list_files(names, {}), {});
  ASSERT_TRUE(went_down);
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().exit, Exit::unavailable) << stopped.error().message;

  ASSERT_TRUE((*cluster)->set_down(false));
  const auto summary = (*ingestor)->run(list_files(names, {}), {});
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->processed, 3U);
  EXPECT_EQ(summary->failed, 0U);
}

}  // namespace
}  // namespace firstseen::ingest::test
