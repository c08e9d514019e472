#include "ingest/kept_payloads.h"

#include "store/inspect.h"
#include "unit/ingest/window_fixture.h"

namespace firstseen::ingest::test {
namespace {

class Kept : public WindowFixture {
 protected:
  Kept() { options_.keep_payloads = true; }
  /// What stands beside the last entry of a key; "no entry", "nothing".
  std::string payload_of(std::uint64_t key) const {
    const auto entries = store::lookup(options_.directory / "slot-0", digest_of(key));
    if (!entries || entries->empty()) return "no entry";
    auto reader = PayloadReader::open(options_.directory);
    EXPECT_TRUE(reader);
    if (!*reader) return "nothing";
    const auto payload = (*reader)->at(entries->back().entry.offset);
    EXPECT_TRUE(payload);
    return std::string(payload->value_or("nothing"));
  }
  std::uint64_t count() const {
    auto reader = PayloadReader::open(options_.directory);
    return reader && *reader ? (*reader)->count().value_or(0) : 0;
  }
  /// What a crash between the two commits leaves: payloads of keys that were never stored.
  void leave_orphans(std::int64_t first, std::int64_t count) const {
    auto payloads = KeptPayloads::open(options_.directory, options_.max_size_bytes);
    ASSERT_TRUE(payloads) << payloads.error().message;
    for (std::int64_t i = 0; i < count; ++i) (*payloads)->add(first + i, 1000, "orphan");
    ASSERT_TRUE((*payloads)->commit(first, 0));
  }
};

TEST_F(Kept, APayloadStandsBesideItsKeyForTheNextProcess) {
  auto window = open();
  EXPECT_TRUE(window->add_if_new(digest_of(1), 1000, "one"));
  EXPECT_FALSE(window->add_if_new(digest_of(1), 1000, "one again"));
  EXPECT_TRUE(window->add_if_new(digest_of(2), 1000, ""));
  ASSERT_TRUE(window->commit());
  EXPECT_TRUE(window->add_if_new(digest_of(3), 1000, "three"));
  ASSERT_TRUE(window->commit());
  window = nullptr;
  EXPECT_EQ(payload_of(1), "one");
  EXPECT_EQ(payload_of(2), "");
  EXPECT_EQ(payload_of(3), "three");
}

TEST_F(Kept, PayloadsExpireWithTheirKeysAlsoInARunThatKeepsNone) {
  auto window = open();
  for (std::uint64_t i = 0; i < 100; ++i) EXPECT_TRUE(window->add_if_new(digest_of(i), 1000, "old"));
  ASSERT_TRUE(window->commit());
  EXPECT_TRUE(window->add_if_new(digest_of(200), 2000, "at the edge: the old ones count"));
  ASSERT_TRUE(window->commit());
  EXPECT_EQ(count(), 101U);
  ASSERT_TRUE(window->close());
  window = nullptr;
  options_.keep_payloads = false;
  window = open();
  EXPECT_TRUE(window->add_if_new(digest_of(1), 2001, "not kept"));
  ASSERT_TRUE(window->commit());
  EXPECT_EQ(count(), 1U);
  EXPECT_EQ(payload_of(1), "nothing");
  EXPECT_EQ(payload_of(200), "at the edge: the old ones count");
}

TEST_F(Kept, WhatACrashLeftBehindTheLastKeyNeverBelongsToAnother) {
  auto window = open();
  EXPECT_TRUE(window->add_if_new(digest_of(1), 1000, "one"));
  ASSERT_TRUE(window->commit());
  for (const bool keep : {false, true}) {
    window = nullptr;
    leave_orphans(keep ? 2 : 1, 3);
    options_.keep_payloads = keep;
    window = open();
    EXPECT_TRUE(window->add_if_new(digest_of(keep ? 3 : 2), 1000, "next"));
    ASSERT_TRUE(window->commit());
  }
  EXPECT_EQ(payload_of(1), "one");
  EXPECT_EQ(payload_of(2), "nothing");
  EXPECT_EQ(payload_of(3), "next");
  EXPECT_EQ(count(), 2U);
}

TEST_F(Kept, ABatchThatFellLeavesNoPayload) {
  auto window = open();
  EXPECT_TRUE(window->add_if_new(digest_of(1), 1000, "fell"));
  ASSERT_TRUE(window->prepare());
  ASSERT_TRUE(window->decide(std::nullopt));
  EXPECT_TRUE(window->add_if_new(digest_of(2), 1000, "forgotten"));
  window->forget_uncommitted();
  EXPECT_TRUE(window->add_if_new(digest_of(3), 1000, "stands"));
  ASSERT_TRUE(window->commit());
  EXPECT_EQ(payload_of(1), "no entry");
  EXPECT_EQ(payload_of(3), "stands");
  EXPECT_EQ(count(), 1U);
}

TEST_F(Kept, WhatDoesNotFitChangesNothingAndMayBeTriedAgain) {
  auto payloads = KeptPayloads::open(options_.directory, 256U << 10U);
  ASSERT_TRUE(payloads);
  (*payloads)->add(0, 1000, "small");
  ASSERT_TRUE((*payloads)->commit(0, 0));
  (*payloads)->drop_added();
  (*payloads)->add(1, 1000, std::string(1U << 20U, 'x'));
  const auto refused = (*payloads)->commit(1, 0);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().action, Action::pause);
  EXPECT_TRUE(contains(refused.error().message, "raise --max-size"));
  EXPECT_EQ(count(), 1U);
  payloads = KeptPayloads::open(options_.directory / "other", 16U << 20U);
  ASSERT_TRUE(payloads);
  (*payloads)->add(1, 1000, std::string(1U << 20U, 'x'));
  for (int again = 0; again < 2; ++again) EXPECT_TRUE((*payloads)->commit(1, 0)) << "the same once more is no harm";
}

TEST_F(Kept, AFullEnvironmentGoesOnWhenPayloadsHaveExpired) {
  auto payloads = KeptPayloads::open(options_.directory, 1U << 20U);
  ASSERT_TRUE(payloads);
  std::int64_t number = 0;
  for (const std::size_t size : {100'000U, 10'000U, 1000U}) {  // until nothing is left over
    for (;; ++number) {
      ASSERT_LT(number, 2000);
      (*payloads)->drop_added();
      (*payloads)->add(number, 1000, std::string(size, 'x'));
      if (!(*payloads)->commit(number, 0)) break;
    }
  }
  const std::uint64_t kept = count();
  EXPECT_EQ(kept, static_cast<std::uint64_t>(number));
  EXPECT_FALSE((*payloads)->commit(number, 1000)) << "nothing has expired yet";
  EXPECT_EQ(count(), kept);
  (*payloads)->drop_added();
  (*payloads)->add(number, 5000, std::string(100'000, 'x'));
  const auto done = (*payloads)->commit(number, 2000);
  EXPECT_TRUE(done) << done.error().message;
  EXPECT_EQ(count(), 1U);
}

TEST_F(Kept, AnotherProgramsFilesAreRefusedUnchanged) {
  directory_.write("store/payloads/letters.txt", "hello");
  const auto refused = DurableWindow::open(options_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().exit, Exit::config);
  EXPECT_TRUE(contains(refused.error().message, "letters.txt"));
}

}  // namespace
}  // namespace firstseen::ingest::test
