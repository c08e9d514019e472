#include "support.h"

namespace firstseen::idempotency::test {
namespace {

TEST(Key, IsAnyBytesFromOneTo511) {
  EXPECT_EQ(key("a").text(), "a");
  EXPECT_EQ(key(std::string_view("\0\n\xff", 3)).text().size(), 3U);
  EXPECT_TRUE(Key::make(std::string(511, 'k')));
}

TEST(Key, EmptyOrTooLongIsAnErrorThatSaysWhatToDo) {
  EXPECT_NE(Key::make("").error().message.find("needs a key"), std::string::npos);
  const auto long_key = Key::make(std::string(512, 'k'));
  ASSERT_FALSE(long_key);
  EXPECT_NE(long_key.error().message.find("512 bytes"), std::string::npos);
  EXPECT_NE(long_key.error().message.find("digest"), std::string::npos);
}

}  // namespace
}  // namespace firstseen::idempotency::test
