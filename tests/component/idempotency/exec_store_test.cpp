// The stores of firstseen exec: where they are, and what the other commands do with them.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "exec_scene.h"
#include "idempotency/result_store.h"

namespace firstseen::test {
namespace {

using Json = nlohmann::json;

class ExecStore : public ExecScene {};

TEST_F(ExecStore, LiesInTheStateDirectoryByDefault) {
  const TemporaryDirectory home;
  const Program::Environment environment{{"XDG_STATE_HOME", home.path().string()}};
  EXPECT_EQ(run({"exec", "--key", "a", "--", "true"}, environment).status, 0);
  EXPECT_TRUE(std::filesystem::exists(home.path() / "firstseen/operations/data.mdb"));
  EXPECT_EQ(Json::parse(run({"store", "stats", "--json"}, environment).out).at("completed"), 1);
}

TEST_F(ExecStore, IsListedLookedUpAndForgotten) {
  ASSERT_EQ(exec("night-1", "echo hello").status, 0);
  ASSERT_EQ(exec("day-1", "exit 2").status, 2);
  const Json list = Json::parse(run({"store", "list", "--store", store(), "--json"}).out);
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].at("key"), "day-1");
  EXPECT_EQ(list[0].at("exit_status"), 2);
  const Finished night = run({"store", "list", "--store", store(), "--prefix", "night"});
  EXPECT_NE(night.out.find("night-1  completed  success"), std::string::npos) << night.out;
  EXPECT_EQ(night.out.find("day-1"), std::string::npos);
  const Json found = Json::parse(run({"store", "lookup", "--store", store(), "--key", "night-1", "--json"}).out);
  EXPECT_EQ(found.at("stdout"), "hello\n");
  EXPECT_EQ(found.at("state"), "completed");
  EXPECT_EQ(run({"store", "forget", "--store", store(), "--key", "night-1"}).status, 0);
  EXPECT_TRUE(Json::parse(run({"store", "lookup", "--store", store(), "--key", "night-1", "--json"}).out).is_null());
  EXPECT_EQ(exec("night-1", "echo hello").status, 0);
  EXPECT_EQ(runs(), 3);
}

TEST_F(ExecStore, WithoutRoomForTheOutputKeepsHowTheCommandEnded) {
  ASSERT_TRUE(idempotency::open_lmdb_store({.directory = store(), .max_size_bytes = 1U << 20U}));
  const Finished first = exec("a", "head -c 3000000 /dev/zero | tr '\\0' x; exit 3", {"--max-output", "4MiB"});
  EXPECT_EQ(first.status, 3);
  EXPECT_EQ(first.out.size(), 3'000'000U);
  EXPECT_NE(first.err.find("no room"), std::string::npos) << first.err;
  const Finished again = exec("a", "true");
  EXPECT_EQ(again.status, 3);
  EXPECT_EQ(again.out, "");
  EXPECT_NE(again.err.find("3000000 more bytes"), std::string::npos) << again.err;
  EXPECT_EQ(runs(), 1);
}

TEST_F(ExecStore, OfAnotherKindIsRefusedByEverybody) {
  ASSERT_EQ(exec("a", "true").status, 0);
  EXPECT_EQ(run({"store", "lookup", "--store", store(), "--digest", std::string(32, '0')}).status, 64);
  const Finished filter = run({"filter", "--key", "payload:/id", "--store", store()}, {}, "{\"id\": 1}\n");
  EXPECT_EQ(filter.status, 78);
  EXPECT_NE(filter.err.find("another kind"), std::string::npos) << filter.err;
  EXPECT_FALSE(std::filesystem::exists(store() + "/slot-0"));
  const TemporaryDirectory other;
  std::filesystem::create_directory(other.path() / "slot-0");
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"exec", "--store", other.path().string(), "--key", "a", "--", "true"},
                                             {"store", "forget", "--store", other.path().string(), "--key", "a"}}) {
    const Finished refused = run(words);
    EXPECT_NE(refused.status, 0) << words.front();
    EXPECT_NE(refused.err.find("seen keys"), std::string::npos) << refused.err;
  }
  const Finished list = run({"store", "list", "--store", other.path().string()});
  EXPECT_NE(list.status, 0);
  EXPECT_NE(list.err.find("holds no store"), std::string::npos) << list.err;
  EXPECT_EQ(run({"store", "stats", "--store", "/nonexistent"}).status, 78);
}

}  // namespace
}  // namespace firstseen::test
