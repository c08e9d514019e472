#include <gtest/gtest.h>

#include <functional>
#include <thread>
#include <vector>

#include "kafka/rdkafka_client.h"

// Each side of a client belongs to the thread that uses it first. Debug builds check that; in others there is nothing
// to be tested.

namespace firstseen::kafka::test {
namespace {

#ifndef NDEBUG
using Use = std::function<void(const Client&)>;

/// It never reaches a broker.
Result<Client> make_one() {
  ClientOptions options;
  options.brokers = {"127.0.0.1:1"};
  options.group = "group";
  options.transactional_id = "group-0";
  return make_client(options, nullptr);
}

/// The client is made where it dies: no thread of it is alive when that is forked.
void use_by_two_threads(const Use& use) {
  const auto client = make_one();
  ASSERT_TRUE(client) << client.error().message;
  std::thread([&] { use(*client); }).join();
  use(*client);
}

void expect_caught(const std::vector<Use>& uses) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  for (const Use& use : uses) EXPECT_DEATH(use_by_two_threads(use), "does not own");
}
#endif

TEST(OneThread, InDebugBuildsASecondOneThatUsesTheConsumerIsCaught) {
#ifdef NDEBUG
  GTEST_SKIP() << "this build has no assertions";
#else
  expect_caught({
      [](const Client& client) { static_cast<void>(client.consumer->known_end({"in", 0})); },
      [](const Client& client) { static_cast<void>(client.consumer->pause({})); },
      [](const Client& client) { static_cast<void>(client.consumer->membership()); },
  });
#endif
}

TEST(OneThread, InDebugBuildsASecondOneThatUsesTheProducerIsCaught) {
#ifdef NDEBUG
  GTEST_SKIP() << "this build has no assertions";
#else
  expect_caught({
      [](const Client& client) { client.publisher->serve(); },
      [](const Client& client) { static_cast<void>(client.publisher->failures()); },
      [](const Client& client) { static_cast<void>(client.publisher->why_again()); },
  });
#endif
}

TEST(OneThread, EachSideMayHaveItsOwn) {
#ifdef NDEBUG
  GTEST_SKIP() << "this build has no assertions";
#else
  const auto client = make_one();
  ASSERT_TRUE(client) << client.error().message;
  std::thread([&] { client->publisher->serve(); }).join();
  EXPECT_FALSE(client->consumer->known_end({"in", 0}));
#endif
}

}  // namespace
}  // namespace firstseen::kafka::test
