#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <random>

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

/// Random JSON values, each also without some of its places.
class Pruned {
 public:
  explicit Pruned(std::uint64_t seed) : random_(seed) { value("payload:", 4, false); }

  std::string whole;
  std::string rest;
  std::vector<std::string> left_out;

 private:
  std::uint64_t below(std::uint64_t n) { return random_() % n; }

  /// `gone`: something around it is left out already.
  void value(const std::string& path, int depth, bool gone) {
    const std::uint64_t kind = below(depth > 0 ? 6 : 3);
    if (kind < 3) {
      write(std::vector<std::string>{"-12.50", "null", "\"" + std::string(below(300), 'x') + "\""}[kind], gone);
      return;
    }
    const bool object = kind != 3;
    write(object ? "{" : "[", gone);
    bool any = false;
    bool any_kept = false;
    const std::uint64_t count = below(5);
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::string name = object ? "m" + std::to_string(9 - i) : std::to_string(i);
      const std::string inner = fmt::format("{}/{}", path, name);
      const bool leave_out = below(4) == 0;
      if (leave_out) left_out.push_back(inner);
      if (any) whole += ",";
      any = true;
      const bool kept = !gone && !leave_out;
      if (kept && any_kept) rest += ",";
      any_kept = any_kept || kept;
      if (object) write(fmt::format("\"{}\":", name), !kept);
      value(inner, depth - 1, !kept);
    }
    write(object ? "}" : "]", gone);
  }

  void write(const std::string& text, bool gone) {
    whole += text;
    if (!gone) rest += text;
  }

  std::mt19937_64 random_;
};

TEST(Strategy, WhatHashLeavesOutIsAsIfItHadNeverBeenThere) {
  int pruned = 0;
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    const Pruned value(seed);
    KeySpec spec = of("hash");
    MessageView message;
    message.topic = "orders";
    message.value = value.rest;
    const std::string expected = (*Deriver::make(spec))->explain(message).canonical_hex;
    ASSERT_FALSE(expected.empty()) << value.rest;
    spec.exclude = value.left_out;
    message.value = value.whole;
    EXPECT_EQ((*Deriver::make(spec))->explain(message).canonical_hex, expected) << value.whole << "\n" << value.rest;
    pruned += value.left_out.empty() ? 0 : 1;
  }
  EXPECT_GT(pruned, 500);
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
