#include "kafka/topic_rules.h"

#include <gtest/gtest.h>

namespace firstseen::kafka {

namespace {

class TopicRules : public ::testing::Test {
 protected:
  TopicRules() {
    request_.inputs = {"orders"};
    request_.output = "orders.unique";
    topics_["orders"] = topics_["orders.unique"] = {4,
                                                    {{"message.timestamp.type", "CreateTime"},
                                                     {"cleanup.policy", "delete"},
                                                     {"max.message.bytes", "1048588"},
                                                     {"retention.ms", "604800000"},
                                                     {"retention.bytes", "-1"}}};
  }

  TopicFindings check() {
    const auto matched = matching_inputs(request_.inputs, topics_);
    EXPECT_TRUE(matched);
    return check_topics(request_, *matched, topics_);
  }

  /// The only error; its text contains each of `parts`.
  void expect_error(const std::vector<std::string>& parts) {
    const auto errors = check().errors;
    ASSERT_EQ(errors.size(), 1U);
    for (const std::string& part : parts) EXPECT_NE(errors[0].find(part), std::string::npos) << errors[0];
  }

  std::map<std::string, std::string>& output_settings() { return topics_["orders.unique"].settings; }

  PreflightRequest request_;
  ClusterTopics topics_;
};

}  // namespace

TEST_F(TopicRules, MatchingTopicsPass) {
  const TopicFindings findings = check();
  EXPECT_TRUE(findings.errors.empty());
  EXPECT_TRUE(findings.warnings.empty());
  EXPECT_EQ(findings.max_message_bytes, 1048588U);
}

TEST_F(TopicRules, AMissingInputIsAnErrorAndAPatternWithoutAMatchIsNot) {
  request_.inputs = {"orders", "payments", "^refunds"};
  const TopicFindings findings = check();
  ASSERT_EQ(findings.errors.size(), 1U);
  EXPECT_NE(findings.errors[0].find("payments does not exist"), std::string::npos);
  ASSERT_EQ(findings.warnings.size(), 1U);
  EXPECT_NE(findings.warnings[0].find("^refunds"), std::string::npos);
}

TEST_F(TopicRules, WithoutAnOutputOnlyTheSideTopicsAreChecked) {
  request_.inputs = {"orders", "payments"};
  request_.output = "";
  EXPECT_TRUE(check().errors.empty());
  request_.side_topics = {"orders.bad"};
  expect_error({"the side topic orders.bad does not exist"});
  topics_["orders.bad"] = {4, {{"max.message.bytes", "1000"}}};
  expect_error({"the side topic orders.bad admits messages of 1000 bytes"});
  EXPECT_EQ(check().max_message_bytes, 1000U);
}

TEST_F(TopicRules, FixedDestinationsMustExistEvenIfThePatternMatchesNothingYet) {
  request_.inputs = {"^refunds"};
  EXPECT_TRUE(check().errors.empty());
  request_.side_topics = {"orders.bad", "{topic}.bad"};
  expect_error({"the side topic orders.bad does not exist", "create it"});
  request_.side_topics = {};
  request_.output = "refunds.unique";
  expect_error({"the output topic refunds.unique does not exist", "create it"});
  request_.output = "{topic}.unique";
  EXPECT_TRUE(check().errors.empty());
}

TEST_F(TopicRules, AMissingOutputOrSideTopicIsAnErrorThatSaysHowManyPartitions) {
  topics_.erase("orders.unique");
  expect_error({"orders.unique does not exist", "4 partitions"});
  topics_["orders.unique"].partitions = 4;
  request_.side_topics = {"{topic}.rejected"};
  expect_error({"side topic orders.rejected does not exist"});
}

TEST_F(TopicRules, TooFewOutputPartitionsAreAnErrorUnlessTheKeyChooses) {
  topics_["orders.unique"].partitions = 3;
  expect_error({"3 partitions", "has 4", "output.partitioner: key"});
  request_.same_partition = false;
  EXPECT_TRUE(check().errors.empty());
}

TEST_F(TopicRules, AnOutputThatReplacesTimestampsIsAnError) {
  output_settings()["message.timestamp.type"] = "LogAppendTime";
  expect_error({"orders.unique", "CreateTime"});
}

TEST_F(TopicRules, ACompactedOutputIsAnError) {
  output_settings()["cleanup.policy"] = "compact,delete";
  expect_error({"orders.unique is compacted", "delete"});
}

TEST_F(TopicRules, ASmallerMessageSizeIsAnErrorThatSaysTheNumber) {
  output_settings()["max.message.bytes"] = "1000";
  expect_error({"set max.message.bytes of orders.unique to 1048588"});
  EXPECT_EQ(check().max_message_bytes, 1000U);
}

TEST_F(TopicRules, ASideTopicThatWouldChangeDropOrRefuseMessagesIsAnError) {
  request_.side_topics = {"orders.rejects"};
  const TopicFacts sound = topics_["orders.unique"];
  TopicFacts& side = topics_["orders.rejects"];
  side = sound;
  EXPECT_TRUE(check().errors.empty());
  side.settings["message.timestamp.type"] = "LogAppendTime";
  expect_error({"side topic orders.rejects", "CreateTime"});
  side = sound;
  side.settings["cleanup.policy"] = "compact";
  expect_error({"side topic orders.rejects is compacted", "delete"});
  side = sound;
  side.settings["max.message.bytes"] = "1000";
  expect_error({"set max.message.bytes of orders.rejects to 1048588"});
  EXPECT_EQ(check().max_message_bytes, 1000U) << "produce batches must fit, too";
  side = sound;
  side.settings["retention.ms"] = "1000";
  EXPECT_TRUE(check().warnings.empty()) << "how long rejects stay is their owner's choice";
}

TEST_F(TopicRules, AShorterRetentionIsAWarningThatNamesBothTopicsBothFiguresAndTheSettingToChange) {
  output_settings()["retention.ms"] = "1000";
  EXPECT_EQ(check().warnings, (std::vector<std::string>{
                                  "the output topic orders.unique loses its messages sooner than its input orders: its "
                                  "retention.ms is 1000, the input's 604800000; set retention.ms of orders.unique to "
                                  "604800000 or more"}));
  output_settings()["retention.bytes"] = "2000";
  const auto warnings = check().warnings;
  ASSERT_EQ(warnings.size(), 2U) << "each setting that is too small";
  EXPECT_EQ(warnings[0],
            "the output topic orders.unique loses its messages sooner than its input orders: its retention.bytes is "
            "2000, the input's -1 (unlimited); set retention.bytes of orders.unique to -1");
  EXPECT_TRUE(check().errors.empty());
}

TEST_F(TopicRules, ARetentionAsLongAsTheInputsOrUnlimitedIsNoWarning) {
  output_settings()["retention.ms"] = "-1";
  EXPECT_TRUE(check().warnings.empty());
  output_settings()["retention.ms"] = "604800001";
  EXPECT_TRUE(check().warnings.empty());
}

TEST_F(TopicRules, APatternThatMatchesTheOutputWouldLoopAndIsAnError) {
  request_.inputs = {"^orders"};
  request_.output = "orders.unique";
  const auto errors = check().errors;
  ASSERT_FALSE(errors.empty());
  EXPECT_NE(errors[0].find("an input and an output at once"), std::string::npos);
}

TEST_F(TopicRules, EachInputHasItsOwnOutputWhereTheNameSaysSo) {
  EXPECT_EQ(destination_for("{topic}.unique", "orders"), "orders.unique");
  EXPECT_EQ(destination_for("a.{topic}.{topic}", "{topic}"), "a.{topic}.{topic}");
  EXPECT_EQ(destination_for("fixed", "orders"), "fixed");
}

TEST_F(TopicRules, BatchesAreBoundByTheSmallestOutputAndTheQueueByTheLargest) {
  request_.side_topics = {"orders.rejects"};
  topics_["orders.rejects"] = topics_["orders.unique"];
  topics_["orders.rejects"].settings["max.message.bytes"] = "200000000";
  EXPECT_EQ(check().max_message_bytes, 1048588U);
  EXPECT_EQ(check().largest_message_bytes, 200000000U);
}

TEST_F(TopicRules, UnknownSettingsAreNotGuessed) {
  output_settings().clear();
  EXPECT_TRUE(check().errors.empty());
  EXPECT_EQ(check().max_message_bytes, 0U);
  EXPECT_EQ(check().largest_message_bytes, 0U);
}

TEST_F(TopicRules, APatternThatIsNoRegexIsAnError) {
  EXPECT_EQ(matching_inputs({"^orders("}, topics_).error().exit, Exit::config);
}

TEST_F(TopicRules, InternalTopicsAreNeverMatched) {
  topics_["__consumer_offsets"].partitions = 50;
  EXPECT_EQ(*matching_inputs({"^.*"}, topics_), (std::vector<std::string>{"orders", "orders.unique"}));
}

}  // namespace firstseen::kafka
