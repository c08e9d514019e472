#include "key_bytes.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "plan/figures.h"

namespace firstseen {
namespace {

store::Inspection store_of(std::uint64_t keys) {
  store::Inspection facts;
  facts.stats.live_entries = keys;
  facts.stats.used_bytes = keys * 20;
  facts.stats.file_bytes = keys * 25;
  return facts;
}

std::string text_of(const KeyBytes& bytes) {
  std::vector<std::pair<std::string, std::string>> fields;
  add_key_bytes(bytes, fields);
  return format_fields(fields);
}

Json json_of(const KeyBytes& bytes) {
  Json json;
  add_key_bytes(bytes, json);
  return json;
}

TEST(KeyBytes, AreThoseOfEachLiveKeyOnDiskAndInMemory) {
  const KeyBytes bytes = key_bytes(store_of(2'000), 18'500);
  const std::string text = text_of(bytes);
  for (const char* part : {"18,500 bytes of memory, in the running daemon", "20.0 bytes in use, 25.0 of the file",
                           "memory per key  9.2 bytes"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " is not in\n" << text;
  }
  const Json json = json_of(bytes);
  EXPECT_EQ(json["used_bytes_per_key"], 20.0);
  EXPECT_EQ(json["file_bytes_per_key"], 25.0);
  EXPECT_EQ(json["index_bytes"], 18'500);
  EXPECT_EQ(json["index_bytes_per_key"], 9.25);
  EXPECT_EQ(json["index_bytes_from"], "daemon");
}

TEST(KeyBytes, OfAnEmptyStoreAreNotDividedByNothing) {
  const KeyBytes bytes = key_bytes(store_of(0), 4'096);
  EXPECT_EQ(text_of(bytes).find("per key"), std::string::npos) << text_of(bytes);
  const Json json = json_of(bytes);
  EXPECT_EQ(json["index_bytes"], 4'096);
  for (const char* name : {"used_bytes_per_key", "file_bytes_per_key", "index_bytes_per_key"}) {
    EXPECT_TRUE(json.at(name).is_null()) << name;
  }
}

TEST(KeyBytes, AreOfTheSavedIndexWhereNoDaemonTellsThem) {
  store::Inspection facts = store_of(1'000);
  facts.saved_index_bytes = 9'000;
  EXPECT_EQ(json_of(key_bytes(facts, std::nullopt))["index_bytes_from"], "saved");
  EXPECT_EQ(json_of(key_bytes(facts, std::nullopt))["index_bytes_per_key"], 9.0);
  EXPECT_EQ(json_of(key_bytes(facts, 10'000))["index_bytes"], 10'000);
}

TEST(KeyBytes, WithoutDaemonAndSavedIndexAreABoundAndSaidToBe) {
  const KeyBytes bytes = key_bytes(store_of(20'000'000), std::nullopt);
  EXPECT_EQ(json_of(bytes)["index_bytes_from"], "bound");
  EXPECT_EQ(json_of(bytes)["index_bytes_per_key"], plan::bound::index_bytes_per_key);
  EXPECT_NE(text_of(bytes).find("memory per key  at most 10.0 bytes"), std::string::npos) << text_of(bytes);
  const auto small = key_bytes(store_of(1'000), std::nullopt).index_bytes;
  EXPECT_EQ(small, static_cast<std::uint64_t>(1'000 * 10 + 9e6));
}

TEST(KeyBytes, OfSeveralLogsAreBoundedByAnIndexEach) {
  store::Inspection facts = store_of(2'000);
  facts.stats.logs.resize(2);
  for (store::LogStats& log : facts.stats.logs) log.live_entries = 1'000;
  EXPECT_EQ(key_bytes(facts, std::nullopt).index_bytes, 2 * static_cast<std::uint64_t>(1'000 * 10 + 9e6));
}

TEST(KeyBytes, TakeNothingFromADaemonThatHasNoStoreYet) {
  EXPECT_EQ(index_bytes_of(Json::parse(R"({"store": {"index_bytes": 7}})")), 7U);
  for (const char* text :
       {"null", "[]", "{}", R"({"store": null})", R"({"store": {}})", R"({"store": {"index_bytes": 0}})",
        R"({"store": {"index_bytes": "many"}})", R"({"store": 7})"}) {
    EXPECT_FALSE(index_bytes_of(Json::parse(text))) << text;
  }
}

}  // namespace
}  // namespace firstseen
