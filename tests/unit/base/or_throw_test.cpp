#include "base/or_throw.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <type_traits>

namespace firstseen {
namespace {

static_assert(std::is_nothrow_copy_constructible_v<Exception>, "a copy that throws while one is thrown is the end");

TEST(OrThrow, GivesTheValueAwayAlsoOneThatCannotBeCopied) {
  const std::unique_ptr<int> value = or_throw(Result<std::unique_ptr<int>>(std::make_unique<int>(7)));
  ASSERT_TRUE(value);
  EXPECT_EQ(*value, 7);
  EXPECT_NO_THROW(or_throw(Result<void>()));
}

TEST(OrThrow, ThrowsTheErrorWithAllThatItSays) {
  try {
    or_throw(Result<std::string>(fail(Action::pause, Exit::io, "the disk is full")));
    FAIL() << "nothing was thrown";
  } catch (const Exception& thrown) {
    EXPECT_STREQ(thrown.what(), "the disk is full");
    EXPECT_EQ(thrown.error().message, "the disk is full");
    EXPECT_EQ(thrown.error().action, Action::pause);
    EXPECT_EQ(thrown.exit_status(), 74);
  }
  EXPECT_THROW(or_throw(Result<void>(fail(Exit::config, "no such strategy"))), std::runtime_error);
}

TEST(OrThrow, AProgramTellsItsOwnFailuresInTheSameWay) {
  const Exception usage(Exit::usage, "usage: program FILE");
  EXPECT_STREQ(usage.what(), "usage: program FILE");
  EXPECT_EQ(usage.exit_status(), 64);
  EXPECT_EQ(usage.error().action, Action::stop);
}

}  // namespace
}  // namespace firstseen
