#include "kafka/preflight.h"

#include <algorithm>

#include "component/kafka/fixture.h"
#include "kafka/scram.h"

namespace firstseen::kafka::test {

namespace {

// Of the Kafka protocol.
constexpr std::int16_t init_producer_id_request = 22;

class Preflight : public KafkaTest {
 protected:
  /// The broker is like one of Kafka 2.4, in that.
  void make_older() {
    const auto code = rd_kafka_mock_set_apiversion(cluster_->native(), init_producer_id_request, 0, 2);
    ASSERT_EQ(code, RD_KAFKA_RESP_ERR_NO_ERROR) << rd_kafka_err2str(code);
  }
  PreflightRequest request() const {
    PreflightRequest request;
    request.client = options();
    request.inputs = {"in"};
    request.output = "out";
    return request;
  }
  Result<PreflightReport> check(const PreflightRequest& request, const KeepWaiting& keep_waiting) {
    return preflight(request, keep_waiting, [this](LogLevel, const std::string& line) { log_.push_back(line); });
  }
  Result<PreflightReport> check(const PreflightRequest& request) {
    return check(request, [] { return true; });
  }
};

}  // namespace

TEST_F(Preflight, ReportsTheClusterAndTheInputs) {
  const auto report = check(request());
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_FALSE(report->cluster_id.empty());
  EXPECT_EQ(report->input_partitions, (std::map<std::string, std::int32_t>{{"in", 2}}));
}

TEST_F(Preflight, WhatTheBrokerDoesNotAnswerIsAWarning) {
  const auto report = check(request());  // the mock cluster describes no settings
  ASSERT_TRUE(report) << report.error().message;
  ASSERT_EQ(report->warnings.size(), 1U);
  EXPECT_NE(report->warnings[0].find("could not be checked"), std::string::npos);
}

TEST_F(Preflight, AMissingOutputEndsTheProgramWithAMessage) {
  PreflightRequest missing = request();
  missing.output = "nowhere";
  const auto report = check(missing);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().exit, Exit::config);
  EXPECT_NE(report.error().message.find("nowhere"), std::string::npos) << report.error().message;
}

TEST_F(Preflight, ABrokerOlderThan25EndsTheProgramWithAMessage) {
  make_older();
  const auto report = check(request());
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().exit, Exit::unavailable);
  EXPECT_NE(report.error().message.find("InitProducerId up to version 2"), std::string::npos) << report.error().message;
  EXPECT_NE(report.error().message.find("2.5 or later"), std::string::npos) << report.error().message;
}

TEST_F(Preflight, ABrokerOlderThan25IsGoodEnoughForAtLeastOnce) {
  make_older();
  PreflightRequest modest = request();
  modest.client.guarantee = Guarantee::at_least_once;
  const auto report = check(modest);
  EXPECT_TRUE(report) << report.error().message;
}

TEST_F(Preflight, AsksForDebugLinesAndShowsThemOnlyToThoseWhoWantThem) {
  const auto shows_debug = [this] {
    return std::any_of(log_.begin(), log_.end(),
                       [](const std::string& line) { return line.find("APIVERSION") != std::string::npos; });
  };
  ASSERT_TRUE(check(request()));
  EXPECT_FALSE(shows_debug());
  PreflightRequest curious = request();
  curious.client.properties["debug"] = "broker";
  ASSERT_TRUE(check(curious));
  EXPECT_TRUE(shows_debug());
}

TEST_F(Preflight, WaitsForABrokerOnlyAsLongAsItIsTold) {
  PreflightRequest nobody = request();
  nobody.client.brokers = {"127.0.0.1:1"};
  int asked = 0;
  const auto report = check(nobody, [&] { return ++asked < 2; });
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().exit, Exit::unavailable);
  EXPECT_EQ(asked, 2);
  EXPECT_FALSE(log_.empty());
}

TEST_F(Preflight, WarnsOfALoginThatNewerBrokersRefuseBeforeItWaitsForOne) {
  PreflightRequest by_scram = request();
  by_scram.client.brokers = {"127.0.0.1:1"};
  by_scram.client.properties = {{"security.protocol", "SASL_PLAINTEXT"},
                                {"sasl.mechanism", "SCRAM-SHA-512"},
                                {"sasl.username", "u"},
                                {"sasl.password", "p"}};
  ASSERT_FALSE(check(by_scram, [] { return false; }));
  const std::string warning = refused_scram(by_scram.client.properties);  // empty where librdkafka is new enough
  EXPECT_EQ(std::ranges::count(log_, "kafka.properties." + warning), warning.empty() ? 0 : 1);
}

TEST_F(Preflight, GoesOnWhenTheBrokerComesBack) {
  ASSERT_TRUE(cluster_->set_down(true));
  const auto report = check(request(), [&] { return static_cast<bool>(cluster_->set_down(false)); });
  EXPECT_TRUE(report) << report.error().message;
}

}  // namespace firstseen::kafka::test
