#include "base/suggest.h"

#include <gtest/gtest.h>

namespace firstseen {
namespace {

const std::vector<std::string> names{"window", "kafka", "max_size", "key"};

TEST(Suggest, FindsANameAFewEditsAway) {
  EXPECT_EQ(suggest("windov", names), "window");
  EXPECT_EQ(suggest("max-size", names), "max_size");
  EXPECT_EQ(suggest("zzzzzzzzzz", names), "");
}

TEST(Suggest, TakesCaseForNoEdit) {
  EXPECT_EQ(suggest("WINDOW", names), "window");
  EXPECT_EQ(suggest("Max-Size", names), "max_size");
  EXPECT_EQ(suggest("KAFAK", names), "kafka");
  EXPECT_EQ(suggest("ZZZZZZZZZZ", names), "");
}

}  // namespace
}  // namespace firstseen
