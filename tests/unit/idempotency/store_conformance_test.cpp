// What every ResultStore promises; put through by each of them.
#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

#include "support.h"

namespace firstseen::idempotency::test {
namespace {

class Store : public testing::TestWithParam<Bench::Kind> {
 protected:
  Record put_new(std::string_view text) { return add(attempt(text, bench_.clock)); }
  Record put_ended(std::string_view text) { return add(ended(text, bench_.clock)); }
  Record add(const Record& record) {
    const auto put = bench_.store->put_if_new(record, {});
    EXPECT_TRUE(succeeded(put));
    EXPECT_TRUE(put->is_new);
    return put->record;
  }

  Bench bench_{GetParam()};
  ResultStore& store_ = *bench_.store;
  ManualClock& clock_ = bench_.clock;
};

TEST_P(Store, PutsAKeyOnceAndThenReturnsWhatIsThere) {
  const Record first = put_new("a");
  Record second = attempt("a", clock_);
  second.attempts = 7;
  const auto again = store_.put_if_new(second, {});
  ASSERT_TRUE(succeeded(again));
  EXPECT_FALSE(again->is_new);
  EXPECT_EQ(again->record.attempts, 1U);
  EXPECT_EQ(again->record.token, first.token);
}

TEST_P(Store, OfManyThreadsThatPutAKeyExactlyOneIsFirst) {
  constexpr int threads = 8;
  constexpr int keys = 200;
  std::atomic<int> winners = 0;
  std::vector<std::thread> racing;
  racing.reserve(threads);
  for (int i = 0; i < threads; ++i) {
    racing.emplace_back([&] {
      for (int k = 0; k < keys; ++k) {
        const auto put = store_.put_if_new(attempt("key " + std::to_string(k), clock_), {});
        if (put && put->is_new) ++winners;
      }
    });
  }
  for (std::thread& thread : racing) thread.join();
  EXPECT_EQ(winners, keys);
  EXPECT_EQ(store_.stats()->total, static_cast<std::uint64_t>(keys));
}

TEST_P(Store, GivesBackEveryFieldAndEveryByte) {
  Record record = put_new("a");
  const std::string value("\0\xff\n binary", 10);
  for (const Outcome& outcome : {Outcome::success(value), Outcome::error("402", "no funds", value), Outcome::timeout(),
                                 Outcome::killed(value), Outcome::success(std::string(1 << 20U, 'x'))}) {
    Record next = record;
    next.outcome = outcome;
    next.completed_at_ms = clock_.wall_ms() + 3;
    next.attempts = 2;
    next.owner = "000102030405060708090a0b0c0d0e0f";
    const auto replaced = store_.replace(record, next, ResultStore::Token::keep);
    ASSERT_TRUE(succeeded(replaced));
    ASSERT_TRUE(*replaced);
    EXPECT_EQ(**replaced, next);
    EXPECT_EQ(**store_.peek(key("a")), next);
    record = **replaced;
  }
}

TEST_P(Store, AnAbsentKeyIsNothing) {
  EXPECT_FALSE(*store_.get(key("a")));
  EXPECT_FALSE(*store_.peek(key("a")));
  EXPECT_FALSE(*store_.payload(key("a")));
  EXPECT_FALSE(*store_.erase(key("a")));
  EXPECT_FALSE(*store_.replace(attempt("a", clock_), attempt("a", clock_), ResultStore::Token::keep));
  EXPECT_EQ(store_.stats()->total, 0U);
}

TEST_P(Store, AnExpiredRecordIsAbsentFromItsMillisecondOnThoughNothingSweptIt) {
  const Record record = put_ended("a");
  clock_.advance(Millis{59'999});
  EXPECT_TRUE(*store_.get(key("a")));
  clock_.advance(Millis{1});
  EXPECT_FALSE(*store_.get(key("a")));
  EXPECT_FALSE(*store_.peek(key("a")));
  EXPECT_FALSE(*store_.replace(record, record, ResultStore::Token::keep));
  int visited = 0;
  ASSERT_TRUE(succeeded(store_.for_each([&](const Record&) { return ++visited > 0; })));
  EXPECT_EQ(visited, 0);
  EXPECT_EQ(store_.stats()->expired, 1U);
  const Record again = put_ended("a");
  EXPECT_GT(again.token, record.token);
  EXPECT_EQ(store_.stats()->expired, 0U);
}

TEST_P(Store, SweepsTheExpiredAndOnlyThem) {
  put_ended("old 1");
  put_ended("old 2");
  clock_.advance(Millis{30'000});
  put_ended("young");
  EXPECT_EQ(*store_.sweep(), 0U);
  clock_.advance(Millis{30'000});
  EXPECT_EQ(*store_.sweep(), 2U);
  EXPECT_EQ(*store_.sweep(), 0U);
  EXPECT_TRUE(*store_.peek(key("young")));
  EXPECT_EQ(store_.stats()->expired, 0U);
}

TEST_P(Store, CountsAccessesAndLookups) {
  put_new("a");                                                                     // miss
  EXPECT_EQ((*store_.get(key("a")))->access_count, 1U);                             // hit
  EXPECT_EQ((*store_.get(key("a")))->access_count, 2U);                             // hit
  EXPECT_FALSE(*store_.get(key("b")));                                              // miss
  EXPECT_EQ(store_.put_if_new(attempt("a", clock_), {})->record.access_count, 3U);  // hit
  EXPECT_TRUE(*store_.peek(key("a")));
  const auto stats = store_.stats();
  ASSERT_TRUE(succeeded(stats));
  EXPECT_EQ(stats->hits, 3U);
  EXPECT_EQ(stats->misses, 2U);
  EXPECT_DOUBLE_EQ(stats->hit_rate(), 0.6);
  EXPECT_EQ((*store_.peek(key("a")))->access_count, 3U);
}

TEST_P(Store, LosesNoCountHoweverManyLookups) {
  put_new("a");
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(*store_.get(key("a")));
  EXPECT_EQ((*store_.get(key("a")))->access_count, 1001U);
  EXPECT_EQ(store_.stats()->hits, 1001U);
}

TEST_P(Store, StatisticsTellStatesAndMeanTimeLeft) {
  EXPECT_EQ(store_.stats()->mean_ttl, Millis{0});
  EXPECT_DOUBLE_EQ(store_.stats()->hit_rate(), 0.0);
  put_ended("a");
  clock_.advance(Millis{20'000});
  Record failed = ended("b", clock_);
  failed.status = Status::failed;
  add(failed);
  put_new("c");
  const auto stats = store_.stats();
  EXPECT_EQ(stats->total, 3U);
  EXPECT_EQ(stats->in_progress, 1U);
  EXPECT_EQ(stats->completed, 1U);
  EXPECT_EQ(stats->failed, 1U);
  EXPECT_EQ(stats->mean_ttl, Millis{50'000}) << "of those that expire";
}

TEST_P(Store, ARecordThatNeverExpiresStaysUntilItIsErased) {
  Record lasting = ended("a", clock_);
  lasting.expires_at_ms = never_ms;
  add(lasting);
  put_ended("b");
  EXPECT_EQ(store_.stats()->mean_ttl, Millis{60'000}) << "of those that expire";
  clock_.advance(std::chrono::hours(24 * 365 * 200));
  EXPECT_EQ(*store_.sweep(), 1U);
  EXPECT_EQ((*store_.peek(key("a")))->expires_at_ms, never_ms);
  EXPECT_EQ(store_.stats()->total, 1U);
  EXPECT_TRUE(*store_.erase(key("a")));
  EXPECT_FALSE(*store_.peek(key("a")));
}

TEST_P(Store, AnAttemptThatHasNotEndedStaysUntilItHasOrIsErased) {
  Record record = put_new("a");
  put_new("b");
  clock_.advance(std::chrono::hours(24 * 365));
  EXPECT_EQ(*store_.sweep(), 0U);
  EXPECT_TRUE(*store_.get(key("a")));
  EXPECT_FALSE(store_.put_if_new(attempt("a", clock_), {})->is_new);
  int visited = 0;
  ASSERT_TRUE(succeeded(store_.for_each([&](const Record&) { return ++visited > 0; })));
  EXPECT_EQ(visited, 2);
  EXPECT_EQ(store_.stats()->total, 2U);
  EXPECT_EQ(store_.stats()->expired, 0U);
  EXPECT_EQ(store_.stats()->mean_ttl, Millis{0});
  record.status = Status::failed;
  ASSERT_TRUE(*store_.replace(**store_.peek(key("a")), record, ResultStore::Token::keep));
  EXPECT_FALSE(*store_.peek(key("a"))) << "ended, and long beyond its time";
  EXPECT_EQ(*store_.sweep(), 1U);
  EXPECT_TRUE(*store_.erase(key("b")));
  EXPECT_FALSE(*store_.peek(key("b")));
}

TEST_P(Store, StatisticsTellAttemptsWhoseMakerIsGoneOrFellSilent) {
  const auto owner = store_.enlist();
  ASSERT_TRUE(succeeded(owner));
  for (const char* text : {"dead", "living"}) {
    Record record = attempt(text, clock_);
    record.owner = record.key == key("living") ? (*owner)->id() : std::string(32, 'a');
    ASSERT_TRUE(store_.put_if_new(record, {})->is_new);
  }
  EXPECT_EQ(store_.stats()->in_progress, 2U);
  EXPECT_EQ(store_.stats()->abandoned, 1U);
  clock_.advance(Millis{30'000});  // the lease
  EXPECT_EQ(store_.stats()->abandoned, 2U);
}

TEST_P(Store, ReplacesOnlyWhatIsAsExpected) {
  const Record record = put_new("a");
  Record other_token = record;
  ++other_token.token;
  Record other_lease = record;
  ++other_lease.lease_until_ms;
  Record other_status = record;
  other_status.status = Status::failed;
  for (const Record& wrong : {other_token, other_lease, other_status}) {
    EXPECT_FALSE(*store_.replace(wrong, record, ResultStore::Token::keep));
  }
  const auto advanced = store_.replace(record, record, ResultStore::Token::advance);
  ASSERT_TRUE(*advanced);
  EXPECT_GT((*advanced)->token, record.token);
  EXPECT_FALSE(*store_.replace(record, record, ResultStore::Token::advance));
}

TEST_P(Store, TokensRiseOverAllKeys) {
  std::uint64_t last = 0;
  for (const char* text : {"a", "b", "c", "d"}) {
    const Record record = put_new(text);
    EXPECT_GT(record.token, last);
    last = record.token;
    ASSERT_TRUE(*store_.erase(key(text)));
  }
  EXPECT_GT(put_new("a").token, last);
}

TEST_P(Store, KeepsAPayloadBesideTheKeyAsLongAsTheRecord) {
  const std::string payload("{\"amount\": 7}\0", 14);
  ASSERT_TRUE(store_.put_if_new(attempt("a", clock_), payload)->is_new);
  EXPECT_EQ(*store_.payload(key("a")), payload);
  ASSERT_FALSE(store_.put_if_new(attempt("a", clock_), "another")->is_new);
  EXPECT_EQ(*store_.payload(key("a")), payload);
  ASSERT_TRUE(*store_.erase(key("a")));
  put_new("a");
  EXPECT_FALSE(*store_.payload(key("a")));
}

TEST_P(Store, ErasesOneKey) {
  put_new("a");
  put_new("b");
  EXPECT_TRUE(*store_.erase(key("a")));
  EXPECT_FALSE(*store_.peek(key("a")));
  EXPECT_TRUE(*store_.peek(key("b")));
}

TEST_P(Store, ErasesAnExpectedRecordAndNoOther) {
  const Record begun = put_new("a");
  const auto taken_over = store_.replace(begun, begun, ResultStore::Token::advance);
  ASSERT_TRUE(*taken_over);
  EXPECT_FALSE(*store_.erase_if(begun)) << "another attempt";
  Record renewed = **taken_over;
  renewed.lease_until_ms += 1000;
  ASSERT_TRUE(*store_.replace(**taken_over, renewed, ResultStore::Token::keep));
  EXPECT_FALSE(*store_.erase_if(**taken_over)) << "its holder lives";
  Record completed = renewed;
  completed.status = Status::completed;
  ASSERT_TRUE(*store_.replace(renewed, completed, ResultStore::Token::keep));
  EXPECT_FALSE(*store_.erase_if(renewed)) << "it has ended";
  EXPECT_EQ((*store_.peek(key("a")))->status, Status::completed);
  EXPECT_TRUE(*store_.erase_if(completed));
  EXPECT_FALSE(*store_.peek(key("a")));
  EXPECT_FALSE(*store_.erase_if(completed)) << "there is none";
}

TEST_P(Store, ErasesAnExpectedRecordWithItsPayload) {
  const auto put = store_.put_if_new(attempt("a", clock_), "pay 7");
  ASSERT_TRUE(*store_.erase_if(put->record));
  put_new("a");
  EXPECT_FALSE(*store_.payload(key("a")));
}

TEST_P(Store, VisitsByKeyUntilToldToStop) {
  for (const char* text : {"b", "c", "a"}) put_new(text);
  std::vector<std::string> keys;
  const auto collect = [&keys](const Record& record) {
    keys.push_back(record.key.text());
    return keys.size() < 2;
  };
  ASSERT_TRUE(succeeded(store_.for_each(collect)));
  EXPECT_EQ(keys, (std::vector<std::string>{"a", "b"}));
}

TEST_P(Store, AnOwnerLivesAsLongAsItsObject) {
  auto owner = store_.enlist();
  ASSERT_TRUE(succeeded(owner));
  const std::string id = (*owner)->id();
  EXPECT_EQ(id.size(), 32U);
  EXPECT_TRUE(store_.alive(id));
  EXPECT_NE((*store_.enlist())->id(), id);
  ASSERT_TRUE(succeeded(store_.sweep()));  // removes what dead owners left
  EXPECT_TRUE(store_.alive(id));
  owner->reset();
  EXPECT_FALSE(store_.alive(id));
  EXPECT_FALSE(store_.alive(""));
  EXPECT_FALSE(store_.alive("../../etc/passwd"));
}

INSTANTIATE_TEST_SUITE_P(Each, Store, testing::Values(Bench::Kind::memory, Bench::Kind::lmdb),
                         [](const auto& one) { return name_of(one.param); });

}  // namespace
}  // namespace firstseen::idempotency::test
