#include "store/key_set.h"

#include "unit/store/support.h"

namespace firstseen::store::test {
namespace {

class KeysOnDisk : public testing::Test {
 protected:
  KeysOnDisk() : options_(options_for(directory_.path())) {}
  std::unique_ptr<KeySet> open() const {
    auto keys = KeySet::open(options_);
    EXPECT_TRUE(succeeded(keys));
    return keys ? std::move(*keys) : nullptr;
  }

  TemporaryDirectory directory_;
  OpenOptions options_;
};

TEST_F(KeysOnDisk, AKeyIsNewOnceWithinTheTtlAndNewAgainBehindIt) {
  const auto keys = open();
  ASSERT_TRUE(keys);
  EXPECT_TRUE(keys->add_if_new(digest_of(1), 5000));
  EXPECT_FALSE(keys->add_if_new(digest_of(1), 5000));
  EXPECT_FALSE(keys->add_if_new(digest_of(1), 6000));
  EXPECT_TRUE(keys->add_if_new(digest_of(1), 6001));
}

TEST_F(KeysOnDisk, AClockThatGoesBackMakesNoKeyNewThatIsKnown) {
  const auto keys = open();
  ASSERT_TRUE(keys);
  EXPECT_TRUE(keys->add_if_new(digest_of(1), 5000));
  EXPECT_FALSE(keys->add_if_new(digest_of(1), 1));
  EXPECT_EQ(keys->now_ms(), 5000);
}

TEST_F(KeysOnDisk, WhatWasCommittedIsKnownToTheNextProcessAndNothingElse) {
  auto keys = open();
  ASSERT_TRUE(keys);
  EXPECT_TRUE(keys->add_if_new(digest_of(1), 1000));
  EXPECT_EQ(keys->uncommitted(), 1U);
  ASSERT_TRUE(succeeded(keys->commit()));
  EXPECT_EQ(keys->uncommitted(), 0U);
  EXPECT_TRUE(keys->add_if_new(digest_of(2), 1000));
  keys = nullptr;  // as a crash would
  keys = open();
  ASSERT_TRUE(keys);
  EXPECT_EQ(keys->size(), 1U);
  EXPECT_FALSE(keys->add_if_new(digest_of(1), 1000));
  EXPECT_TRUE(keys->add_if_new(digest_of(2), 1000));
}

TEST_F(KeysOnDisk, ACommitOfNothingIsNoneAndTheNumbersGoOnInTheNextProcess) {
  auto keys = open();
  ASSERT_TRUE(keys);
  ASSERT_TRUE(succeeded(keys->commit()));
  EXPECT_TRUE(keys->store().partitions().empty());
  EXPECT_EQ(keys->first_uncommitted(), 0);
  keys->add_if_new(digest_of(1), 1000);
  keys->add_if_new(digest_of(2), 1000);
  EXPECT_EQ(keys->last_added(), 1);
  EXPECT_EQ(keys->first_uncommitted(), 0);
  ASSERT_TRUE(succeeded(keys->commit()));
  ASSERT_TRUE(succeeded(keys->close()));
  keys = nullptr;
  keys = open();
  ASSERT_TRUE(keys);
  EXPECT_EQ(keys->first_uncommitted(), 2);
  keys->add_if_new(digest_of(3), 1000);
  EXPECT_EQ(keys->last_added(), 2);
}

TEST_F(KeysOnDisk, APreparedBatchStandsExactlyIfItIsTheOneThatIsSaidToStand) {
  auto keys = open();
  ASSERT_TRUE(keys);
  keys->add_if_new(digest_of(1), 1000);
  const auto first = keys->prepare();
  ASSERT_TRUE(succeeded(first));
  ASSERT_TRUE(*first);
  keys = nullptr;
  keys = open();
  ASSERT_TRUE(keys);
  ASSERT_TRUE(succeeded(keys->decide(*first)));
  keys->add_if_new(digest_of(2), 1000);
  ASSERT_TRUE(succeeded(keys->prepare()));
  keys = nullptr;
  keys = open();
  ASSERT_TRUE(keys);
  ASSERT_TRUE(succeeded(keys->decide(*first)));  // another one
  EXPECT_EQ(keys->first_uncommitted(), 1);
  EXPECT_FALSE(keys->add_if_new(digest_of(1), 1000));
  EXPECT_TRUE(keys->add_if_new(digest_of(2), 1000));
}

TEST_F(KeysOnDisk, WhatWasForgottenIsNewAgain) {
  const auto keys = open();
  ASSERT_TRUE(keys);
  keys->add_if_new(digest_of(1), 1000);
  keys->forget_uncommitted();
  EXPECT_TRUE(keys->add_if_new(digest_of(1), 1000));
}

TEST_F(KeysOnDisk, AStoreOfAnotherKeyIsRefusedUnchanged) {
  options_.pins = {{"key", "fields 1"}};
  {
    const auto keys = open();
    ASSERT_TRUE(keys);
    keys->add_if_new(digest_of(1), 1000);  // an empty store takes another key
    ASSERT_TRUE(succeeded(keys->commit()));
    ASSERT_TRUE(succeeded(keys->close()));
  }
  options_.pins = {{"key", "fields 2"}};
  options_.ttl = Millis{5000};
  const auto refused = KeySet::open(options_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().exit, Exit::config);
  EXPECT_NE(refused.error().message.find("fields 2"), std::string::npos) << refused.error().message;
  EXPECT_EQ(inspect(options_.directory)->ttl, Millis{1000});
}

TEST_F(KeysOnDisk, AStoreWhoseKeysComeFromPartitionsAndSeveralWindowsAreRefused) {
  {
    const SourceRange range = range_of("orders", 3, 0, 1);
    const auto daemon = open_or_fail(options_);
    ASSERT_TRUE(daemon);
    daemon->stage(seen(1, 1000));
    ASSERT_TRUE(succeeded(daemon->prepare({&range, 1}, never, true)));
  }
  auto refused = KeySet::open(options_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().exit, Exit::config);
  EXPECT_NE(refused.error().message.find("orders[3]"), std::string::npos) << refused.error().message;
  options_.windows = {{"a", Millis{1000}}, {"b", Millis{2000}}};
  refused = KeySet::open(options_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().exit, Exit::config);
}

}  // namespace
}  // namespace firstseen::store::test
