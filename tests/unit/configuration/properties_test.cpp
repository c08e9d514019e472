#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "configuration.h"
#include "support/temporary_directory.h"

// Every property that is wrong is told at once, alone or with others, and nothing that only follows from it.

namespace firstseen {
namespace {

/// The problems of a configuration with these properties, on its fourth line, and what else stands there.
std::string problems_of(const std::string& properties, const std::string& more = "") {
  const test::TemporaryDirectory folder;
  const auto file = folder.path() / "f.yaml";
  std::ofstream(file) << "input: {topics: [orders], group: g}\noutput: {topic: unique}\nkey: {fields: [topic]}\n"
                      << "kafka: {properties: {" << properties << "}}\n"
                      << more;
  const auto loaded = load_configuration(file);
  return loaded ? "" : loaded.error().message + "\n";
}

std::ptrdiff_t count(const std::string& problems) { return std::count(problems.begin(), problems.end(), '\n'); }

bool has(const std::string& problems, const std::string& part) { return problems.find(part) != std::string::npos; }

TEST(Properties, AWrongValueHidesNoContradictionOfOthers) {
  const std::string problems = problems_of("session.timeout.ms: 600000, linger.ms: abc");
  EXPECT_TRUE(has(problems, ":4:42: kafka.properties.session.timeout.ms: ")) << problems;
  EXPECT_TRUE(has(problems, "kafka.properties.linger.ms: ")) << problems;
  EXPECT_EQ(count(problems), 2) << problems;
}

TEST(Properties, TwoNamesOfOnePropertyAreRefusedWithBothPlaces) {
  const std::string problems =
      problems_of("sasl.mechanism: SCRAM-SHA-256, sasl.mechanisms: \"${PATH}\", security.protocol: SASL_PLAINTEXT");
  EXPECT_TRUE(has(problems, ":4:38: kafka.properties.sasl.mechanism: is the same property as sasl.mechanisms, "))
      << problems;
  EXPECT_TRUE(has(problems, ":4:70: kafka.properties.sasl.mechanisms: is the same property as sasl.mechanism, "))
      << problems;
  EXPECT_EQ(count(problems), 2) << problems;
}

TEST(Properties, AContradictionOfTheConsumerHidesNoneOfTheProducer) {
  const std::string problems =
      problems_of("session.timeout.ms: 600000, message.timeout.ms: 100000, transaction.timeout.ms: 1000");
  EXPECT_TRUE(has(problems, "max.poll.interval.ms")) << problems;
  EXPECT_TRUE(has(problems, "message.timeout.ms")) << problems;
  EXPECT_EQ(count(problems), 2) << problems;
}

TEST(Properties, AnAnswerOfABrokerThatContradictsItsLimitsIsTold) {
  for (const char* properties : {"fetch.max.bytes: 500000", "receive.message.max.bytes: 2000000",
                                 "fetch.max.bytes: 2000000, receive.message.max.bytes: 2000000"}) {
    const std::string problems = problems_of(properties);
    EXPECT_TRUE(has(problems, ":4:")) << problems;
    EXPECT_TRUE(has(problems, "max.bytes")) << problems;
    EXPECT_EQ(count(problems), 1) << problems;
  }
  EXPECT_EQ(problems_of("fetch.max.bytes: 2000000, receive.message.max.bytes: 2000512"), "");
}

TEST(Properties, AContradictionOfBothClientsIsToldOnce) {
  EXPECT_EQ(count(problems_of("security.protocol: SASL_PLAINTEXT, sasl.mechanism: PLAIN, sasl.username: u")), 1);
}

TEST(Properties, NothingIsToldThatMayFollowFromOneThatIsLeftOut) {
  const auto only_one = [](const std::string& properties, const std::string& more = "") {
    const std::string problems = problems_of(properties, more);
    EXPECT_EQ(count(problems), 1) << problems;
  };
  only_one("message.timeout.ms: 100000, transaction.timeout.ms: abc");
  only_one("message.timeout.ms: 100000, transaction.timeout.ms: 10", "delivery: {commit_interval: 1s}\n");
  only_one("security.protocol: SASL_PLAINTEXT, sasl.mechanism: PLAIN, sasl.usernam: u, sasl.password: p");
  only_one(
      "security.protocol: SASL_PLAINTEXT, sasl.mechanism: PLAIN, sasl.username: u, "
      "sasl.password: \"${FIRSTSEEN_NOT_SET}\"");
  only_one("security.protocol: SASL_PLAINTEXT, sasl.mechansim: PLAIN, sasl.username: u, sasl.password: p");
}

TEST(Properties, TheClientIsToldWhatAReferencePutIntoThemSoThatItsTextsDoNotShowIt) {
  const test::TemporaryDirectory folder;
  const auto file = folder.path() / "f.yaml";
  const auto secret = folder.path() / "secret";
  std::ofstream(secret) << "hunter2\n";
  std::ofstream(file) << "input: {topics: [orders], group: g}\noutput: {topic: unique}\nkey: {fields: [topic]}\n"
                      << "kafka: {properties: {client.id: \"of ${file:" << secret.string() << "}\", linger.ms: 5}}\n";
  const auto loaded = load_configuration(file);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->client.properties.at("client.id"), "of hunter2");
  const std::map<std::string, std::vector<std::string>> put_in{{"client.id", {"hunter2"}}};
  EXPECT_EQ(loaded->client.put_in, put_in);
}

}  // namespace
}  // namespace firstseen
