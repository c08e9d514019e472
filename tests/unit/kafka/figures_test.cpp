#include "kafka/figures.h"

#include <gtest/gtest.h>

namespace firstseen::kafka::test {
namespace {

using Side = ClientFigures::Side;

/// As librdkafka writes them, less what nobody reads.
constexpr const char* statistics = R"({
  "name": "firstseen#consumer-1", "type": "consumer", "ts": 5016483227792, "msg_cnt": 22710, "msg_size": 704010,
  "brokers": {
    "localhost:9092/1": {"name": "localhost:9092/1", "nodeid": 1, "state": "UP", "req_timeouts": 2,
                         "rtt": {"min": 100, "max": 900, "avg": 300, "sum": 3000, "p99": 850, "cnt": 10}},
    "localhost:9093/2": {"name": "localhost:9093/2", "nodeid": 2, "state": "UP", "req_timeouts": 1,
                         "rtt": {"min": 1000, "max": 1000, "avg": 1000, "sum": 30000, "p99": 1000, "cnt": 30}},
    "GroupCoordinator": {"name": "GroupCoordinator", "nodeid": -1, "state": "DOWN", "req_timeouts": 0,
                         "rtt": {"min": 0, "max": 0, "avg": 0, "sum": 0, "p99": 0, "cnt": 0}}
  },
  "topics": {
    "in": {"topic": "in", "age": 9060, "partitions": {
      "0": {"partition": 0, "fetchq_cnt": 3, "fetchq_size": 300, "msgq_cnt": 1},
      "-1": {"partition": -1, "fetchq_cnt": 0, "fetchq_size": 0}}},
    "other": {"topic": "other", "partitions": {"7": {"partition": 7, "fetchq_cnt": 4, "fetchq_size": 40}}}
  },
  "cgrp": {"state": "up"}
})";

TEST(Figures, OfAConsumerAreItsConnectionsItsLatencyAndWhatItHasFetched) {
  const auto figures = read_statistics(statistics, Side::consumer);
  ASSERT_TRUE(figures);
  EXPECT_EQ(figures->brokers_up, 2U);
  EXPECT_EQ(figures->timed_out_requests, 3U);
  EXPECT_EQ(figures->mean_latency_us, 825) << "of all requests, not of brokers";
  EXPECT_EQ(figures->p99_latency_us, 1000) << "of the slowest broker";
  EXPECT_EQ(figures->queued_messages, 7U);
  EXPECT_EQ(figures->queued_bytes, 340U);
}

TEST(Figures, OfAProducerAreWhatItHasNotDelivered) {
  const auto figures = read_statistics(statistics, Side::producer);
  ASSERT_TRUE(figures);
  EXPECT_EQ(figures->side, Side::producer);
  EXPECT_EQ(figures->queued_messages, 22'710U);
  EXPECT_EQ(figures->queued_bytes, 704'010U);
}

TEST(Figures, TellNoLatencyWhereNothingWasAnswered) {
  const auto figures =
      read_statistics(R"({"brokers": {"a": {"state": "DOWN", "rtt": {"cnt": 0, "p99": 0}}}})", Side::producer);
  ASSERT_TRUE(figures);
  EXPECT_EQ(figures->brokers_up, 0U);
  EXPECT_EQ(figures->mean_latency_us, -1);
  EXPECT_EQ(figures->p99_latency_us, -1);
}

TEST(Figures, SurviveWhateverALaterLibraryWrites) {
  for (const char* text : {"{}", R"({"brokers": 7, "topics": null})", R"({"brokers": {"a": 1, "b": {"rtt": []}}})",
                           R"({"topics": {"t": {"partitions": [1]}, "u": "v"}, "msg_cnt": "many", "msg_size": -3})"}) {
    for (const Side side : {Side::consumer, Side::producer}) {
      const auto figures = read_statistics(text, side);
      ASSERT_TRUE(figures) << text;
      EXPECT_EQ(figures->queued_messages, 0U) << text;
      EXPECT_EQ(figures->queued_bytes, 0U) << text;
    }
  }
  for (const char* text : {"", "[]", "{", "no JSON"}) EXPECT_FALSE(read_statistics(text, Side::consumer)) << text;
}

}  // namespace
}  // namespace firstseen::kafka::test
