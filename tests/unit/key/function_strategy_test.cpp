#include "key/function_strategy.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace firstseen::key {
namespace {

/// The deriver of a registry that knows the strategy "mine".
std::unique_ptr<Deriver> mine(const Strategy& strategy, const KeySpec& spec = of_fields({"record_key"}, "mine")) {
  StrategyRegistry registry;
  EXPECT_TRUE(registry.add("mine", strategy));
  auto deriver = registry.make(spec);
  EXPECT_TRUE(deriver) << (deriver ? "" : deriver.error().message);
  return deriver ? std::move(*deriver) : nullptr;
}

Derived without_case(const MessageView& message, Deriver& inner) {
  if (!message.key) return Derived::rejected("nobody", "it has no record key");
  std::string lower(*message.key);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  MessageView changed = message;
  changed.key = lower;
  return inner.derive(changed);
}

TEST(FunctionStrategy, KeysAreThoseThatTheOtherStrategyHasForTheChangedMessage) {
  const auto deriver = mine(strategy_on("fields", "lower case 1", without_case));
  const auto plain = Deriver::make(of_fields({"record_key"}));
  ASSERT_TRUE(deriver && plain);
  EXPECT_EQ(deriver->derive({.key = "Ada"}).kind, Derived::Kind::key);
  EXPECT_EQ(deriver->derive({.key = "Ada"}).digest, (*plain)->derive({.key = "ada"}).digest);
  EXPECT_NE(deriver->derive({.key = "Ada"}).digest, deriver->derive({.key = "Bob"}).digest);
  EXPECT_EQ(deriver->explain({.key = "Ada"}).result.digest, (*plain)->derive({.key = "ada"}).digest);
}

TEST(FunctionStrategy, ARejectionIsNeverAKeyAndDoesNotStayForTheNextMessage) {
  const auto deriver = mine(strategy_on("fields", "lower case 1", without_case));
  ASSERT_TRUE(deriver);
  Derived out = deriver->derive({.key = "Ada"});
  deriver->derive({.value = "a message without a key"}, out);
  EXPECT_EQ(out.kind, Derived::Kind::reject);
  EXPECT_EQ(out.digest, Digest());
  EXPECT_EQ(out.rejection.reason, "nobody");
  EXPECT_EQ(out.rejection.detail, "it has no record key");
  deriver->derive({.key = "Ada"}, out);
  EXPECT_EQ(out.kind, Derived::Kind::key);
  EXPECT_TRUE(out.rejection.reason.empty());
}

TEST(FunctionStrategy, AnotherVersionOrAnotherInnerKeyIsAnotherFingerprint) {
  const auto first = mine(strategy_on("fields", "lower case 1", without_case))->fingerprint();
  EXPECT_EQ(first, mine(strategy_on("fields", "lower case 1", without_case))->fingerprint());
  EXPECT_NE(first, mine(strategy_on("fields", "lower case 2", without_case))->fingerprint());
  EXPECT_NE(first,
            mine(strategy_on("fields", "lower case 1", without_case), of_fields({"payload"}, "mine"))->fingerprint());
}

TEST(FunctionStrategy, TheFunctionSeesHeadersThoughTheOtherStrategyNeedsNone) {
  const auto deriver = mine(strategy_on("fields", "any", without_case));
  ASSERT_TRUE(deriver);
  EXPECT_TRUE(deriver->needs_headers());
}

TEST(FunctionStrategy, AnUnknownInnerStrategyAndAnEmptyFunctionAreRefused) {
  StrategyRegistry registry;
  ASSERT_TRUE(registry.add("mine", strategy_on("feilds", "any", without_case)));
  const auto made = registry.make(of_fields({"record_key"}, "mine"));
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().message.find("did you mean 'fields'?"), std::string::npos) << made.error().message;
  EXPECT_FALSE(registry.add("empty", strategy_on("fields", "any", nullptr)));
}

/// A name for the global registry, where inner strategies are looked for. It stays taken, also when a test is run
/// again.
std::string new_name() {
  static int names = 0;
  return "of_function_strategy_test-" + std::to_string(++names);
}

void expect_cycle(const std::string& name, const std::string& path) {
  const auto made = Deriver::make(of_fields({"record_key"}, name));
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().exit, Exit::config);
  EXPECT_NE(made.error().message.find("stands on itself (" + path + ")"), std::string::npos) << made.error().message;
}

TEST(FunctionStrategy, OneThatStandsOnItselfIsAnErrorEveryTime) {
  const std::string a = new_name();
  ASSERT_TRUE(StrategyRegistry::global().add(a, strategy_on(a, "any", without_case)));
  expect_cycle(a, a + " on " + a);
  expect_cycle(a, a + " on " + a);
}

TEST(FunctionStrategy, TwoThatStandOnEachOtherAreAnError) {
  const std::string a = new_name();
  const std::string b = new_name();
  const std::string above = new_name();
  ASSERT_TRUE(StrategyRegistry::global().add(a, strategy_on(b, "any", without_case)));
  ASSERT_TRUE(StrategyRegistry::global().add(b, strategy_on(a, "any", without_case)));
  ASSERT_TRUE(StrategyRegistry::global().add(above, strategy_on(a, "any", without_case)));
  expect_cycle(a, a + " on " + b + " on " + a);
  expect_cycle(b, b + " on " + a + " on " + b);
  expect_cycle(above, a + " on " + b + " on " + a);
}

TEST(FunctionStrategy, FunctionsMayStandOnFunctions) {
  const std::string a = new_name();
  const std::string b = new_name();
  ASSERT_TRUE(StrategyRegistry::global().add(a, strategy_on("fields", "any", without_case)));
  ASSERT_TRUE(StrategyRegistry::global().add(b, strategy_on(a, "any", without_case)));
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(Deriver::make(of_fields({"record_key"}, b)));
  StrategyRegistry other;
  ASSERT_TRUE(other.add(b, strategy_on(b, "any", without_case)));
  EXPECT_TRUE(other.make(of_fields({"record_key"}, b))) << "the same name in another registry is another strategy";
}

}  // namespace
}  // namespace firstseen::key
