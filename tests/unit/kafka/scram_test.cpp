#include "kafka/scram.h"

#include <gtest/gtest.h>

namespace firstseen::kafka {

namespace {

using Properties = std::map<std::string, std::string>;

constexpr int debian_12 = 0x020002ff;
constexpr int last_with_the_flaw = 0x020600ff;
constexpr int first_without = 0x020601ff;

Properties login(const std::string& mechanism) {
  return {{"security.protocol", "SASL_SSL"}, {"sasl.mechanism", mechanism}};
}

}  // namespace

TEST(Scram, OfALibrdkafkaThatNewerBrokersRefuseIsTold) {
  const std::string told = refused_scram(login("SCRAM-SHA-512"), debian_12);
  for (const char* part : {"sasl.mechanism: ", "Kafka 4.0", "librdkafka 2.0.2", "PLAIN", "Debian 13", "2.6.1"}) {
    EXPECT_NE(told.find(part), std::string::npos) << part << " in: " << told;
  }
  EXPECT_NE(refused_scram(login("SCRAM-SHA-256"), last_with_the_flaw), "");
}

TEST(Scram, IsToldByEitherNameOfThePropertyWhateverTheCase) {
  EXPECT_TRUE(refused_scram({{"security.protocol", "sasl_plaintext"}, {"sasl.mechanisms", "scram-sha-512"}}, debian_12)
                  .starts_with("sasl.mechanisms: "));
}

TEST(Scram, OfANewerLibrdkafkaIsSound) {
  EXPECT_EQ(refused_scram(login("SCRAM-SHA-512"), first_without), "");
  EXPECT_EQ(refused_scram(login("SCRAM-SHA-512"), 0x020800ff), "");
}

TEST(Scram, IsNotToldWhereNobodyLogsInByIt) {
  EXPECT_EQ(refused_scram(login("PLAIN"), debian_12), "");
  EXPECT_EQ(refused_scram({{"sasl.mechanism", "SCRAM-SHA-512"}}, debian_12), "");
  EXPECT_EQ(refused_scram({{"security.protocol", "SSL"}, {"sasl.mechanism", "SCRAM-SHA-512"}}, debian_12), "");
  EXPECT_EQ(refused_scram({}, debian_12), "");
}

}  // namespace firstseen::kafka
