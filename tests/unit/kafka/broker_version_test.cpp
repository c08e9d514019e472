#include "kafka/broker_version.h"

#include <gtest/gtest.h>

#include <string>

namespace firstseen::kafka {
namespace {

/// As librdkafka words it.
std::string line(const std::string& request, int highest) {
  return "[thrd:kafka:9092/bootstrap]: kafka:9092/bootstrap:   ApiKey " + request + " Versions 0.." +
         std::to_string(highest);
}

TEST(BrokerVersion, OfKafka25OrLaterIsAccepted) {
  for (const int highest : {3, 4, 15}) {
    BrokerVersion version;
    version.note(line("Produce (0)", 2));
    version.note(line("InitProducerId (22)", highest));
    EXPECT_TRUE(version.check_transactions()) << highest;
  }
}

TEST(BrokerVersion, OfAnOlderBrokerIsRefusedWithWhatToChange) {
  for (const int highest : {0, 1, 2}) {
    BrokerVersion version;
    version.note(line("InitProducerId (22)", highest));
    const auto checked = version.check_transactions();
    ASSERT_FALSE(checked) << highest;
    EXPECT_EQ(checked.error().action, Action::stop);
    EXPECT_EQ(checked.error().exit, Exit::unavailable);
    const std::string& text = checked.error().message;
    EXPECT_NE(text.find("up to version " + std::to_string(highest)), std::string::npos) << text;
    EXPECT_NE(text.find("must be Apache Kafka 2.5 or later"), std::string::npos) << text;
    EXPECT_NE(text.find("delivery.guarantee: at_least_once"), std::string::npos) << text;
  }
}

TEST(BrokerVersion, OfSeveralBrokersTheOldestDecides) {
  BrokerVersion version;
  version.note(line("InitProducerId (22)", 4));
  version.note(line("InitProducerId (22)", 1));
  version.note(line("InitProducerId (22)", 4));
  EXPECT_FALSE(version.check_transactions());
}

TEST(BrokerVersion, WithoutTransactionsIsRefused) {
  BrokerVersion version;
  version.note(line("Produce (0)", 22));
  const auto checked = version.check_transactions();
  ASSERT_FALSE(checked);
  EXPECT_NE(checked.error().message.find("no transactions"), std::string::npos) << checked.error().message;
}

TEST(BrokerVersion, ThatIsNotToldIsNotGuessed) {
  BrokerVersion version;
  EXPECT_TRUE(version.check_transactions());
  version.note("[thrd:kafka:9092/bootstrap]: kafka:9092/bootstrap: Broker API support:");
  version.note(" Feature MsgVer2: Produce (3..3) supported by broker");
  EXPECT_TRUE(version.check_transactions());
}

}  // namespace
}  // namespace firstseen::kafka
