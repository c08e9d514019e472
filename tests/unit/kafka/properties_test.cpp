#include "kafka/properties.h"

#include <gtest/gtest.h>

#include <string>

namespace firstseen::kafka {

namespace {

std::string reason_for(const std::string& name, const std::string& value) {
  const auto refused = check_properties({{name, value}});
  if (refused.empty()) return "";
  EXPECT_EQ(refused.front().first, name);
  return refused.front().second;
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST(Properties, WhatThePromisesDoNotOwnIsFree) {
  EXPECT_TRUE(check_properties({{"security.protocol", "sasl_ssl"},
                                {"sasl.mechanism", "SCRAM-SHA-512"},
                                {"sasl.username", "alice"},
                                {"sasl.password", "secret"},
                                {"session.timeout.ms", "10000"},
                                {"linger.ms", "5"},
                                {"max.in.flight", "3"},
                                {"transaction.timeout.ms", "30000"}})
                  .empty());
}

TEST(Properties, AMisspeltOneGetsASuggestion) {
  EXPECT_TRUE(contains(reason_for("secruity.protocol", "ssl"), "did you mean security.protocol?"));
  EXPECT_TRUE(contains(reason_for("sasl.pasword", "x"), "did you mean sasl.password?"));
  EXPECT_FALSE(contains(reason_for("nothing.like.any.of.them", "x"), "did you mean"));
}

TEST(Properties, AZeroByteIsRefusedSinceLibrdkafkaWouldCutTheValueOffThere) {
  using namespace std::string_literals;
  EXPECT_TRUE(contains(reason_for("sasl.password", "h\0u\0"s), "holds a zero byte"));
  EXPECT_TRUE(contains(reason_for("client.id\0x"s, "a"), "holds a zero byte"));
}

TEST(Properties, EachOwnedOneIsRefusedWithThePromiseOrTheOptionToUse) {
  EXPECT_TRUE(contains(reason_for("bootstrap.servers", "localhost"), "kafka.brokers"));
  EXPECT_TRUE(contains(reason_for("group.id", "g"), "input.group"));
  EXPECT_TRUE(contains(reason_for("auto.offset.reset", "earliest"), "input.start"));
  EXPECT_TRUE(contains(reason_for("compression.codec", "lz4"), "output.compression"));
  EXPECT_TRUE(contains(reason_for("topic.blacklist", "^x"), "input.topics"));
  for (const char* name : {"enable.auto.commit", "enable.auto.offset.store", "acks", "retries"}) {
    EXPECT_TRUE(contains(reason_for(name, "1"), "nothing is lost")) << name;
  }
  for (const char* name : {"isolation.level", "enable.idempotence", "partition.assignment.strategy"}) {
    EXPECT_TRUE(contains(reason_for(name, "x"), "nothing is published twice")) << name;
  }
  for (const char* name : {"transactional.id", "group.instance.id", "partitioner", "message.max.bytes", "rebalance_cb",
                           "delivery.report.only.error", "test.mock.num.brokers", "group.protocol"}) {
    EXPECT_NE(reason_for(name, "1"), "") << name;
  }
}

TEST(Properties, MoreThanFiveRequestsInFlightCouldChangeTheOrder) {
  EXPECT_TRUE(contains(reason_for("max.in.flight.requests.per.connection", "6"), "order"));
}

TEST(Properties, AnUnknownNameIsRefused) {
  EXPECT_TRUE(contains(reason_for("sesion.timeout.ms", "1"), "no property of librdkafka"));
}

TEST(Properties, ABadValueIsRefusedWithItsRangeAndWithoutTheValue) {
  const std::string reason = reason_for("session.timeout.ms", "tomorrow");
  EXPECT_TRUE(contains(reason, "1 .. 3600000")) << reason;
  EXPECT_FALSE(contains(reason, "tomorrow")) << reason;
}

TEST(Properties, AFileThatCannotBeReadIsRefusedWithoutItsName) {
  for (const char* name : {"ssl.ca.location", "ssl.certificate.location", "ssl.key.location"}) {
    const std::string reason = reason_for(name, "/nowhere/at/all.pem");
    EXPECT_TRUE(contains(reason, "cannot be read: No such file or directory")) << name << ": " << reason;
    EXPECT_FALSE(contains(reason, "nowhere")) << reason;
  }
  EXPECT_EQ(reason_for("ssl.ca.location", "probe"), "");
  EXPECT_EQ(reason_for("ssl.ca.location", "/dev/null"), "");
}

TEST(Properties, WhatStandsByTwoNamesIsToldOfBoth) {
  const auto twice = named_twice({{"sasl.mechanism", "SCRAM-SHA-256"}, {"sasl.mechanisms", "PLAIN"}});
  ASSERT_EQ(twice.size(), 2U);
  EXPECT_EQ(twice[0].first, "sasl.mechanism");
  EXPECT_TRUE(contains(twice[0].second, "sasl.mechanisms")) << twice[0].second;
  EXPECT_EQ(twice[1].first, "sasl.mechanisms");
  EXPECT_FALSE(contains(twice[0].second + twice[1].second, "PLAIN")) << "no value";
  const std::map<std::string, std::string> others{{"linger.ms", "queue.buffering.max.ms"},
                                                  {"max.in.flight", "max.in.flight.requests.per.connection"},
                                                  {"max.partition.fetch.bytes", "fetch.message.max.bytes"},
                                                  {"delivery.timeout.ms", "message.timeout.ms"}};
  for (const auto& [alias, name] : others) {
    EXPECT_EQ(named_twice({{alias, "5"}, {name, "5"}}).size(), 2U) << alias;
  }
}

TEST(Properties, ByOneNameOrRefusedAnywayNothingStandsTwice) {
  EXPECT_TRUE(named_twice({{"sasl.mechanism", "PLAIN"}, {"linger.ms", "5"}, {"nonsense", "x"}}).empty());
  EXPECT_TRUE(named_twice({{"acks", "1"}, {"request.required.acks", "all"}}).empty());
}

TEST(Properties, TheTransactionTimeoutIsTheConfiguredOneOrTheDefault) {
  EXPECT_EQ(transaction_timeout({}), default_transaction_timeout);
  EXPECT_EQ(transaction_timeout({{"transaction.timeout.ms", "30000"}}), Millis{30'000});
}

TEST(Properties, EveryMistakeIsReportedAtOnce) {
  EXPECT_EQ(check_properties({{"group.id", "x"}, {"nonsense", "x"}, {"socket.timeout.ms", "x"}}).size(), 3U);
}

}  // namespace firstseen::kafka
