#include "base/topic_pattern.h"

#include <gtest/gtest.h>

namespace firstseen {
namespace {

TEST(TopicPattern, OnlyWhatBeginsWithACaretIsOne) {
  EXPECT_TRUE(TopicPattern::is_one("^orders"));
  EXPECT_FALSE(TopicPattern::is_one("orders^"));
  EXPECT_FALSE(TopicPattern::is_one(""));
}

TEST(TopicPattern, TheWholeNameNeedNotMatch) {
  const TopicPattern pattern("^orders\\.(eu|us)");
  EXPECT_TRUE(pattern.matches("orders.eu"));
  EXPECT_TRUE(pattern.matches("orders.us.late"));
  EXPECT_FALSE(pattern.matches("orders.asia"));
  EXPECT_FALSE(pattern.matches("my.orders.eu"));
}

TEST(TopicPattern, KafkasOwnTopicsAreNeverSelected) {
  EXPECT_TRUE(TopicPattern("^.*").matches("_orders"));
  EXPECT_FALSE(TopicPattern("^.*").matches("__consumer_offsets"));
  EXPECT_FALSE(TopicPattern("^__consumer").matches("__consumer_offsets"));
}

TEST(TopicPattern, WhatIsNoRegexSaysWhyAndSelectsNothing) {
  for (const char* text : {"^(", "^a[", "^a\\"}) {
    const TopicPattern broken(text);
    EXPECT_FALSE(broken.error().empty()) << text;
    EXPECT_FALSE(broken.matches("a")) << text;
  }
  EXPECT_EQ(TopicPattern("^a").error(), "");
}

}  // namespace
}  // namespace firstseen
