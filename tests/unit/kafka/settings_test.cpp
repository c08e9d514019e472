#include "kafka/settings.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "kafka/properties.h"

namespace firstseen::kafka::test {
namespace {

ClientOptions options_with(const std::string& batch_size, std::uint64_t max_message_bytes) {
  ClientOptions options;
  options.brokers = {"localhost:9092"};
  options.transactional_id = "t";
  options.max_message_bytes = max_message_bytes;
  if (!batch_size.empty()) options.properties["batch.size"] = batch_size;
  return options;
}

/// What a client is made with; empty if it cannot be made.
std::string value_of(const Result<ConfHandle>& settings, const char* property) {
  if (!settings) return "";
  std::array<char, 64> value{};
  std::size_t size = value.size();
  if (rd_kafka_conf_get(settings->get(), property, value.data(), &size) != RD_KAFKA_CONF_OK) return "";
  return value.data();
}

std::string batch_size_of(const ClientOptions& options) { return value_of(producer_settings(options), "batch.size"); }

TEST(ProducerSettings, WhatTravelsAloneIsJudgedByTheBatchSizeThatTheClientHas) {
  for (const char* own : {"", "200000", "10000000"}) {
    for (const std::uint64_t limit : {0ULL, 100'000ULL, 1'048'588ULL, 20'000'000ULL}) {
      const ClientOptions options = options_with(own, limit);
      EXPECT_EQ(batch_size_of(options), std::to_string(produce_batch_bytes(options))) << own << ' ' << limit;
    }
  }
}

TEST(Settings, FiguresComeAsOftenAsAskedUnlessThePropertiesSayOtherwise) {
  ClientOptions options = options_with("", 0);
  options.group = "g";
  const auto expect = [&](const std::string& interval) {
    EXPECT_EQ(value_of(consumer_settings(options), "statistics.interval.ms"), interval);
    EXPECT_EQ(value_of(producer_settings(options), "statistics.interval.ms"), interval);
  };
  expect("0");
  options.statistics_interval = Millis{5'000};
  expect("5000");
  options.properties["statistics.interval.ms"] = "0";
  expect("0");
}

TEST(ProducerSettings, TheBrokerIsNeverAskedToMakeATopicByItself) {
  EXPECT_EQ(value_of(producer_settings(options_with("", 0)), "allow.auto.create.topics"), "false");
}

TEST(ConsumerSettings, TopicsNamedLikeKafkasOwnAreIgnoredUnlessOneIsReadByItsName) {
  ClientOptions options = options_with("", 0);
  options.group = "g";
  EXPECT_EQ(value_of(consumer_settings(options), "topic.blacklist"), "^__");
  options.hidden_topics = true;
  EXPECT_EQ(value_of(consumer_settings(options), "topic.blacklist"), "");
}

TEST(ConsumerSettings, WhatABrokerAnswersAtOnceIsBoundedByThePrefetch) {
  ClientOptions options = options_with("", 0);
  options.group = "g";
  const auto answer = [&](std::uint64_t prefetch_bytes) {
    options.prefetch_bytes = prefetch_bytes;
    return value_of(consumer_settings(options), "fetch.max.bytes");
  };
  EXPECT_EQ(answer(1ULL << 20U), "1000000");
  EXPECT_EQ(answer(64ULL << 20U), std::to_string(16U << 20U));
  EXPECT_EQ(answer(4ULL << 30U), std::to_string(50U << 20U));
  options.properties["fetch.max.bytes"] = "30000000";
  EXPECT_EQ(answer(64ULL << 20U), "30000000") << "a person's own";
}

TEST(ConsumerSettings, AreTakenByTheLibraryWithAnyPrefetch) {
  for (const std::uint64_t prefetch_bytes : {16ULL << 10U, 1ULL << 20U, 64ULL << 20U, 4ULL << 30U}) {
    ClientOptions options;
    options.prefetch_bytes = prefetch_bytes;
    const std::vector<Contradiction> found = contradictions(options, {});
    EXPECT_TRUE(found.empty()) << prefetch_bytes << ": " << found.front().text;
  }
}

TEST(ProducerSettings, ABatchSizeOfThePropertiesIsTaken) {
  EXPECT_EQ(batch_size_of(options_with("200000", 0)), "200000");
  EXPECT_EQ(batch_size_of(options_with("10000000", 20'000'000)), "10000000");
}

TEST(ProducerSettings, TheQueueHoldsTwoOfTheLargestMessagesThatAnyOutputTakes) {
  ClientOptions options = options_with("", 1'048'588);
  options.largest_message_bytes = std::uint64_t{200} * 1024 * 1024;
  EXPECT_EQ(value_of(producer_settings(options), "queue.buffering.max.kbytes"), std::to_string(400 * 1024));
}

TEST(ConsumerSettings, ThePrefetchIsBoundedByBytesNotOnlyByMessages) {
  ClientOptions options = options_with("", 0);
  options.group = "g";
  options.prefetch_bytes = 64ULL << 20U;
  EXPECT_EQ(value_of(consumer_settings(options), "queued.max.messages.kbytes"), "65536");
  EXPECT_EQ(value_of(consumer_settings(options), "queued.min.messages"), "10000");
}

TEST(ProducerSettings, TheQueueIsBoundedByBytesNotOnlyByMessages) {
  ClientOptions options = options_with("", 1'048'588);
  options.largest_message_bytes = 1'048'588;
  EXPECT_EQ(value_of(producer_settings(options), "queue.buffering.max.kbytes"), "65536") << "what brokers usually take";
  EXPECT_EQ(value_of(producer_settings(options), "queue.buffering.max.messages"), "25000");
  options.largest_message_bytes = 0;
  EXPECT_EQ(value_of(producer_settings(options), "queue.buffering.max.kbytes"), "1048576") << "unknown: any may come";
}

TEST(ProducerSettings, NoBatchIsLargerThanAnOutputTopicTakes) {
  EXPECT_EQ(batch_size_of(options_with("10000000", 1'048'588)), "1048588");
  EXPECT_EQ(batch_size_of(options_with("", 100'000)), "100000");
}

}  // namespace
}  // namespace firstseen::kafka::test
