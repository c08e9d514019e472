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

/// Of a client that never reaches a broker, and is made where it dies: no thread of it is alive when that is forked.
void use_by_two_threads(const Use& use) {
  ClientOptions options;
  options.brokers = {"127.0.0.1:1"};
  options.group = "group";
  options.transactional_id = "group-0";
  const auto client = make_client(options, nullptr);
  ASSERT_TRUE(client) << client.error().message;
  std::thread([&] { use(*client); }).join();
  use(*client);
}
#endif

TEST(OneThread, InDebugBuildsASecondOneThatUsesTheConsumerIsCaught) {
#ifdef NDEBUG
  GTEST_SKIP() << "this build has no assertions";
#else
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const std::vector<Use> uses{
      [](const Client& client) { static_cast<void>(client.consumer->known_end({"in", 0})); },
      [](const Client& client) { static_cast<void>(client.consumer->pause({})); },
      [](const Client& client) { static_cast<void>(client.consumer->membership()); },
  };
  for (const Use& use : uses) EXPECT_DEATH(use_by_two_threads(use), "does not own");
#endif
}

TEST(OneThread, InDebugBuildsASecondOneThatUsesTheProducerIsCaught) {
#ifdef NDEBUG
  GTEST_SKIP() << "this build has no assertions";
#else
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const std::vector<Use> uses{
      [](const Client& client) { client.publisher->serve(); },
      [](const Client& client) { static_cast<void>(client.publisher->failures()); },
      [](const Client& client) { static_cast<void>(client.publisher->why_again()); },
  };
  for (const Use& use : uses) EXPECT_DEATH(use_by_two_threads(use), "does not own");
#endif
}

TEST(OneThread, EachSideMayHaveItsOwn) {
#ifdef NDEBUG
  GTEST_SKIP() << "this build has no assertions";
#else
  ClientOptions options;
  options.brokers = {"127.0.0.1:1"};
  options.group = "group";
  options.transactional_id = "group-0";
  const auto client = make_client(options, nullptr);
  ASSERT_TRUE(client) << client.error().message;
  std::thread([&] { client->publisher->serve(); }).join();
  EXPECT_FALSE(client->consumer->known_end({"in", 0}));
#endif
}

}  // namespace
}  // namespace firstseen::kafka::test
