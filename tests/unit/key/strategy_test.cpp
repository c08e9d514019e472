#include <gtest/gtest.h>

#include <functional>

#include "key/deriver.h"

// What the strategies refuse and say. Which keys they give: tests/data/key_vectors.json, key_strategy_vectors.json.

namespace firstseen::key {
namespace {

KeySpec of(const std::string& strategy) {
  KeySpec spec;
  spec.strategy = strategy;
  if (strategy == "fields") spec.fields = {{"record_key", {}}};
  if (strategy == "template") spec.template_text = "{record_key}";
  return spec;
}

std::string refusal(const KeySpec& spec) {
  const auto made = Deriver::make(spec);
  if (made) return {};
  EXPECT_EQ(made.error().exit, Exit::config);
  return made.error().message;
}

TEST(Strategy, WhatItNeedsIsEnoughForIt) {
  for (const char* name : {"default", "fields", "hash", "template"}) EXPECT_EQ(refusal(of(name)), "") << name;
}

TEST(Strategy, AnOptionThatItDoesNotUseIsRefusedByName) {
  struct Option {
    std::string name;
    std::function<void(KeySpec&)> set;
    std::string users;  ///< the strategies that use it
  };
  const std::vector<Option> options{
      {"key.fields", [](KeySpec& s) { s.fields = {{"topic", {}}}; }, "fields hash"},
      {"key.context", [](KeySpec& s) { s.context_user = "header:u"; }, "default hash"},
      {"key.context", [](KeySpec& s) { s.context_session = "header:s"; }, "default hash"},
      {"key.include_user", [](KeySpec& s) { s.include_user = false; }, "hash"},
      {"key.include_session", [](KeySpec& s) { s.include_session = false; }, "hash"},
      {"key.exclude", [](KeySpec& s) { s.exclude = {"payload:/a"}; }, "hash"},
      {"key.template", [](KeySpec& s) { s.template_text = "{topic}"; }, "template"},
  };
  for (const char* strategy : {"default", "fields", "hash", "template"}) {
    for (const Option& option : options) {
      SCOPED_TRACE(strategy + (" " + option.name));
      KeySpec spec = of(strategy);
      option.set(spec);
      const std::string message = refusal(spec);
      if (option.users.find(strategy) != std::string::npos) {
        EXPECT_EQ(message, "");
      } else {
        EXPECT_NE(message.find(option.name + " is not used by the strategy '" + strategy + "'"), std::string::npos)
            << message;
      }
    }
  }
}

TEST(Strategy, HashRefusesFieldsAndExclusionsTogether) {
  KeySpec spec = of("hash");
  spec.fields = {{"payload:/a", {}}};
  spec.exclude = {"payload:/b"};
  EXPECT_NE(refusal(spec).find("key.exclude has no effect beside key.fields"), std::string::npos);
}

TEST(Strategy, HashRefusesToLeaveOutWhatIsNoPlaceInThePayload) {
  for (const char* text : {"payload", "payload:", "header:x", "topic", "record_key", "timestamp:1m"}) {
    KeySpec spec = of("hash");
    spec.exclude = {text};
    EXPECT_NE(refusal(spec).find("key.exclude cannot leave out '" + std::string(text) + "'"), std::string::npos)
        << refusal(spec);
  }
  KeySpec spec = of("hash");
  spec.exclude = {"payload:/a", "/sent_at"};
  EXPECT_NE(refusal(spec).find("did you mean 'payload:/sent_at'?"), std::string::npos) << refusal(spec);
}

TEST(Strategy, AContextPartThatIsNoneIsRefused) {
  for (const char* strategy : {"default", "hash"}) {
    KeySpec spec = of(strategy);
    spec.context_user = "headers:user";
    EXPECT_NE(refusal(spec).find("did you mean 'header:user'?"), std::string::npos) << refusal(spec);
  }
}

std::string fingerprint(const KeySpec& spec) { return (*Deriver::make(spec))->fingerprint(); }

TEST(Strategy, TheFingerprintSaysWhatHashLeavesOutInAnyOrder) {
  KeySpec spec = of("hash");
  const std::string whole = fingerprint(spec);
  spec.exclude = {"payload:/b", "payload:/a", "payload:/b"};
  const std::string some = fingerprint(spec);
  EXPECT_EQ(some, R"(encoding=1 digest=sha256 parts=["namespace:","topic","payload: without \"/a\",\"/b\""])");
  EXPECT_NE(some, whole);
  spec.exclude = {"payload:/a", "payload:/b"};
  EXPECT_EQ(fingerprint(spec), some);
  spec.exclude = {"payload:/a\",\"/b"};
  EXPECT_NE(fingerprint(spec), some);
}

TEST(Strategy, HashAsksForHeadersOnlyForAnIncludedContext) {
  KeySpec spec = of("hash");
  spec.context_user = "header:user";
  EXPECT_TRUE((*Deriver::make(spec))->needs_headers());
  spec.include_user = false;
  EXPECT_FALSE((*Deriver::make(spec))->needs_headers());
}

TEST(Strategy, HashExplainsWhatItLeavesOut) {
  KeySpec spec = of("hash");
  spec.exclude = {"payload:/sent_at"};
  MessageView message;
  message.topic = "orders";
  message.value = R"({"sent_at":1,"id":7})";
  const Explanation explanation = (*Deriver::make(spec))->explain(message);
  EXPECT_EQ(explanation.parts.back().part, "payload: without \"/sent_at\"");
  EXPECT_EQ(explanation.parts.back().found, R"({"sent_at":1,"id":7})");
  EXPECT_EQ(explanation.parts.back().canonical_hex, "07161402696413033765301f");
}

}  // namespace
}  // namespace firstseen::key
