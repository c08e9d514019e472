#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "configuration.h"
#include "key/deriver.h"
#include "message_json.h"

// Every file of config/examples against the messages of tests/data/examples: one JSON object a line, {"message": as
// `firstseen explain` reads it, "expect": "first_seen" | "duplicate" | "rejected"}. A message that passes unchecked is
// published, so it counts as first seen. All messages of a file lie within its window.

namespace firstseen {
namespace {

namespace fs = std::filesystem;

const fs::path source = FIRSTSEEN_SOURCE_DIR;

std::set<std::string> names_in(const fs::path& folder, const std::string& extension) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == extension) names.insert(entry.path().stem().string());
  }
  return names;
}

/// The verdicts that a stream of messages gets, with a plain set in the store's place.
class Judge {
 public:
  explicit Judge(key::Deriver& deriver) : deriver_(deriver) {}

  std::string verdict(const daemon::OwnedMessage& message) {
    std::vector<HeaderView> headers;
    key::Derived derived;
    deriver_.derive(daemon::view_of(message, headers), derived);
    if (derived.kind == key::Derived::Kind::reject) return "rejected";
    if (derived.kind == key::Derived::Kind::pass) return "first_seen";
    return seen_.insert(derived.digest).second ? "first_seen" : "duplicate";
  }

 private:
  key::Deriver& deriver_;
  std::unordered_set<Digest, DigestHash> seen_;
};

class Examples : public testing::TestWithParam<std::string> {};

TEST_P(Examples, DecidesItsMessagesAsTheyExpect) {
  const auto configuration = load_configuration(source / "config/examples" / (GetParam() + ".yaml"));
  ASSERT_TRUE(configuration) << configuration.error().message;
  const auto deriver = key::Deriver::make(configuration->key);
  ASSERT_TRUE(deriver) << deriver.error().message;

  Judge judge(**deriver);
  std::set<std::string> verdicts;
  std::ifstream file(source / "tests/data/examples" / (GetParam() + ".jsonl"));
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    SCOPED_TRACE(GetParam() + ".jsonl:" + std::to_string(++number));
    const auto json = nlohmann::ordered_json::parse(line, nullptr, false);
    ASSERT_TRUE(json.is_object() && json.size() == 2 && json.contains("message") && json.contains("expect"));
    const auto message = daemon::read_message_json(json["message"].dump(), "");
    ASSERT_TRUE(message) << message.error().message;
    const auto& topics = configuration->slot.topics;
    EXPECT_TRUE(std::find(topics.begin(), topics.end(), message->topic) != topics.end()) << message->topic;
    const std::string verdict = judge.verdict(*message);
    EXPECT_EQ(verdict, json["expect"].get<std::string>());
    verdicts.insert(verdict);
  }
  EXPECT_GE(number, 8);
  EXPECT_TRUE(verdicts.contains("first_seen") && verdicts.contains("duplicate"));
}

INSTANTIATE_TEST_SUITE_P(Config, Examples, testing::ValuesIn(names_in(source / "config/examples", ".yaml")),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(ExampleFiles, HaveAllMessagesAndNoMessagesStandAlone) {
  EXPECT_EQ(names_in(source / "config/examples", ".yaml"), names_in(source / "tests/data/examples", ".jsonl"));
  EXPECT_GE(names_in(source / "config/examples", ".yaml").size(), 6U);
}

TEST(ExampleFiles, TheAnnotatedConfigurationPassesEveryCheck) {
  const auto configuration = load_configuration(source / "config/firstseen.yaml");
  ASSERT_TRUE(configuration) << configuration.error().message;
}

}  // namespace
}  // namespace firstseen
