#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "configuration.h"
#include "support/temporary_directory.h"

// Options that are sound one by one but not together are refused when the file is read, at their place.

namespace firstseen {
namespace {

/// The problems of a configuration whose fifth line is this.
std::string problems_with(const std::string& line) {
  const test::TemporaryDirectory folder;
  const auto file = folder.path() / "f.yaml";
  std::ofstream(file) << "input: {topics: [orders], group: g}\noutput: {topic: unique}\nkey: {fields: [topic]}\n\n"
                      << line << "\n";
  const auto loaded = load_configuration(file);
  return loaded ? "" : loaded.error().message.substr(folder.path().string().size() + 1);
}

struct Wrong {
  const char* name;
  const char* line;
  const char* place;  ///< how the message begins
  const char* words;  ///< what it contains
};

void PrintTo(const Wrong& wrong, std::ostream* out) { *out << wrong.name; }

class Contradiction : public testing::TestWithParam<Wrong> {};

TEST_P(Contradiction, IsFoundWhenTheFileIsRead) {
  const std::string problems = problems_with(GetParam().line);
  EXPECT_TRUE(problems.starts_with(GetParam().place)) << problems;
  EXPECT_NE(problems.find(GetParam().words), std::string::npos) << problems;
  EXPECT_EQ(problems.find("hunter2"), std::string::npos) << problems;
}

const Wrong contradictions[] = {
    {"Mechanism",
     "kafka: {properties: {security.protocol: SASL_PLAINTEXT, sasl.mechanism: FOO, sasl.username: u, "
     "sasl.password: hunter2}}",
     "f.yaml:5:", "librdkafka refuses the configuration"},
    {"SecretWithoutItsUser",
     "kafka: {properties: {security.protocol: SASL_PLAINTEXT, sasl.mechanism: PLAIN, sasl.password: hunter2}}",
     "f.yaml:5:", "sasl.username"},
    {"Certificate", "kafka: {properties: {security.protocol: SSL, ssl.certificate.location: /proc/self/comm}}",
     "f.yaml:5:72: kafka.properties.ssl.certificate.location: ", "librdkafka refuses the configuration"},
    {"MessageTimeout", "kafka: {properties: {message.timeout.ms: 60000, transaction.timeout.ms: 10000}}",
     "f.yaml:5:", "transaction.timeout.ms"},
    {"SessionTimeout", "kafka: {properties: {session.timeout.ms: 400000, max.poll.interval.ms: 10000}}",
     "f.yaml:5:", "max.poll.interval.ms"},
    {"CommitInterval", "delivery: {commit_interval: 8s}\nkafka: {properties: {transaction.timeout.ms: 15000}}",
     "f.yaml:5:29: delivery.commit_interval: is more than half of", "transaction.timeout.ms (15000 ms)"},
    {"MaxBatch", "delivery: {max_batch: 1000000}\nstore: {max_size: 16MiB}",
     "f.yaml:5:23: delivery.max_batch: ", "store.max_size (16777216 bytes)"},
};
INSTANTIATE_TEST_SUITE_P(Of, Contradiction, testing::ValuesIn(contradictions),
                         [](const auto& one) { return one.param.name; });

TEST(CommitInterval, IsNotComparedWhereTheGuaranteeIsUnknown) {
  const std::string problems = problems_with(
      "delivery: {commit_interval: 8s, guarantee: at_lest_once}\n"
      "kafka: {properties: {transaction.timeout.ms: 15000}}");
  EXPECT_NE(problems.find("delivery.guarantee: "), std::string::npos) << problems;
  EXPECT_EQ(problems.find("delivery.commit_interval: "), std::string::npos) << problems;
}

TEST(StorePath, MustLeaveRoomForTheControlSocket) {
  const std::string longest = "/" + std::string(93, 'x');  // 107 characters with /control.sock
  EXPECT_EQ(problems_with("store: {path: " + longest + "}"), "");
  const std::string problems = problems_with("store: {path: " + longest + "xy}");
  EXPECT_TRUE(problems.starts_with("f.yaml:5:15: store.path: is 2 characters too long")) << problems;
}

TEST(Combinations, ThatWorkAreAccepted) {
  for (const char* line : {"kafka: {properties: {session.timeout.ms: 10000, max.poll.interval.ms: 10000}}",
                           "kafka: {properties: {message.timeout.ms: 9000, transaction.timeout.ms: 10000}}",
                           "kafka: {properties: {security.protocol: SASL_SSL, sasl.mechanism: SCRAM-SHA-256, "
                           "sasl.username: u, sasl.password: p}}",
                           "delivery: {commit_interval: 30s}",
                           "delivery: {commit_interval: 8s, guarantee: at_least_once}\nkafka: {properties: "
                           "{transaction.timeout.ms: 15000}}",
                           "delivery: {max_batch: 500000}\nstore: {max_size: 16MiB}"}) {
    EXPECT_EQ(problems_with(line), "") << line;
  }
}

}  // namespace
}  // namespace firstseen
