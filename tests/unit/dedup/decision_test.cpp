#include "dedup/decision.h"

#include <gtest/gtest.h>

#include "dedup/metadata.h"
#include "dedup/routes.h"

namespace firstseen::dedup {
namespace {

using Kind = key::Derived::Kind;

TEST(Decision, AMessageIsADuplicateIfAndOnlyIfItsKeyWasSeen) {
  EXPECT_EQ(decide(Kind::key, false), Verdict::first_seen);
  EXPECT_EQ(decide(Kind::key, true), Verdict::duplicate);
}

TEST(Decision, WithoutAKeyNothingIsEverADuplicate) {
  for (const bool seen : {false, true}) {
    EXPECT_EQ(decide(Kind::reject, seen), Verdict::rejected);
    EXPECT_EQ(decide(Kind::pass, seen), Verdict::passed);
  }
}

TEST(CommitMetadata, TellsStoresBatchesAndOpeningsApart) {
  const std::string one = commit_metadata("a", {1, 2});
  EXPECT_EQ(one, "fs1:a:0000000000000001:0000000000000002");
  EXPECT_NE(one, commit_metadata("b", {1, 2}));
  EXPECT_NE(one, commit_metadata("a", {2, 2}));
  EXPECT_NE(one, commit_metadata("a", {1, 3}));
}

TEST(OutputTopic, HoldsTheInputTopicsNameWherePlaced) {
  EXPECT_EQ(output_topic_of("clean", "orders"), "clean");
  EXPECT_EQ(output_topic_of("{topic}.unique", "orders"), "orders.unique");
  EXPECT_EQ(output_topic_of("a.{topic}.{topic}", "{topic}"), "a.{topic}.{topic}");
}

TEST(SideTopicHeaders, SayWhereAMessageCameFromAndWhy) {
  MessageView message;
  message.topic = "orders";
  message.partition = 3;
  message.offset = 42;
  AddedHeaders headers;
  Routes::add_reject_headers(message, {"malformed_payload", "at byte 7"}, headers);
  ASSERT_EQ(headers.size(), 5U);
  const auto reject = headers.part(0, 5);
  EXPECT_EQ(reject[0].value, "orders");
  EXPECT_EQ(reject[1].value, "3");
  EXPECT_EQ(reject[2].value, "42");
  EXPECT_EQ(reject[3].name, "firstseen.reason");
  EXPECT_EQ(reject[3].value, "malformed_payload");
  EXPECT_EQ(reject[4].value, "at byte 7");
  headers.clear();
  Routes::add_duplicate_headers(message, {"orders", 1}, 7, headers);
  ASSERT_EQ(headers.size(), 4U);
  EXPECT_EQ(headers.part(3, 1).front().name, "firstseen.first");
  EXPECT_EQ(headers.part(3, 1).front().value, "orders[1]@7");
}

}  // namespace
}  // namespace firstseen::dedup
