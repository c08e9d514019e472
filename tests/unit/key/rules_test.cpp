#include <gtest/gtest.h>

#include <array>
#include <set>
#include <span>

#include "unit/key/support.h"

/// key.rules: the first that fits says how the key is made.
namespace firstseen::key {
namespace {

using Fit = RuleCondition::Test;

KeySpec by_record_key() {
  KeySpec key;
  key.fields = {{"record_key", {}}};
  return key;
}

KeyRule rule(const std::string& name, const std::string& part, Fit test, const std::string& text) {
  return {name, RuleCondition{part, test, text}, by_record_key()};
}

std::unique_ptr<Deriver> deriver_of(const std::vector<KeyRule>& rules) {
  KeySpec spec;
  spec.rules = rules;
  auto made = Deriver::make(spec);
  if (!made) {
    ADD_FAILURE() << made.error().message;
    return nullptr;
  }
  return std::move(*made);
}

std::string error_of(const std::vector<KeyRule>& rules) {
  KeySpec spec;
  spec.rules = rules;
  const auto made = Deriver::make(spec);
  if (made) return "";
  EXPECT_EQ(made.error().exit, Exit::config);
  return made.error().message;
}

MessageView message(std::string_view topic, std::span<const HeaderView> headers = {}) {
  MessageView view;
  view.topic = topic;
  view.key = "k";
  view.headers = headers;
  return view;
}

TEST(Rules, TheFirstThatFitsIsUsed) {
  const auto deriver = deriver_of({rule("a", "topic", Fit::equals, "orders"),
                                   rule("b", "topic", Fit::prefix, "ord"),
                                   rule("c", "topic", Fit::matches, "[a-z]+s"),
                                   {"d", {}, by_record_key()}});
  EXPECT_EQ(derived(*deriver, message("orders")).rule, 0);
  EXPECT_EQ(derived(*deriver, message("order")).rule, 1);
  EXPECT_EQ(derived(*deriver, message("calls")).rule, 2);
  EXPECT_EQ(derived(*deriver, message("calls2")).rule, 3) << "an expression is for the whole text";
}

TEST(Rules, OfAHeaderTheLastCountsAndOneThatIsMissingOrNullFitsNothing) {
  const auto deriver = deriver_of({rule("a", "header:kind", Fit::prefix, ""), {"b", {}, by_record_key()}});
  const std::array<HeaderView, 2> there{{{"kind", std::nullopt}, {"kind", "x"}}};
  const std::array<HeaderView, 2> null{{{"kind", "x"}, {"kind", std::nullopt}}};
  EXPECT_TRUE(deriver->needs_headers());
  EXPECT_EQ(derived(*deriver, message("t", there)).rule, 0);
  EXPECT_EQ(derived(*deriver, message("t", null)).rule, 1);
  EXPECT_EQ(derived(*deriver, message("t")).rule, 1);
}

TEST(Rules, AMessageThatFitsNoneIsRejected) {
  const auto deriver = deriver_of({rule("a", "topic", Fit::equals, "orders")});
  const Derived out = derived(*deriver, message("calls"));
  EXPECT_EQ(out.kind, Derived::Kind::reject);
  EXPECT_EQ(out.rejection.reason, "no_rule");
  EXPECT_FALSE(deriver->needs_headers());
}

TEST(Rules, KeysOfDifferentRulesAreNeverEqualAndARuleIsThatOfItsNameWhereverItStands) {
  const KeyRule first = rule("a", "topic", Fit::equals, "orders");
  const KeyRule second = rule("b", "topic", Fit::equals, "orders");
  const Derived by_first = derived(*deriver_of({first}), message("orders"));
  const Derived by_second = derived(*deriver_of({second}), message("orders"));
  EXPECT_NE(by_first.digest, by_second.digest);
  EXPECT_EQ(derived(*deriver_of({rule("z", "topic", Fit::equals, "x"), first}), message("orders")).digest,
            by_first.digest);
  KeySpec without = by_record_key();
  const auto plain = Deriver::make(without);
  ASSERT_TRUE(plain);
  EXPECT_NE(derived(**plain, message("orders")).digest, by_first.digest);
}

TEST(Rules, TheFingerprintHoldsEveryNameConditionAndKeyAndTheirOrder) {
  const KeyRule a = rule("a", "topic", Fit::equals, "orders");
  const KeyRule b = rule("b", "header:h", Fit::matches, "x|y");
  std::set<std::string> prints;
  KeyRule other_key = a;
  other_key.key.fields = {{"topic", {}}};
  const std::vector<std::vector<KeyRule>> all = {{a},
                                                 {b},
                                                 {a, b},
                                                 {b, a},
                                                 {other_key, b},
                                                 {rule("c", "topic", Fit::equals, "orders"), b},
                                                 {rule("a", "topic", Fit::prefix, "orders"), b},
                                                 {rule("a", "topic", Fit::equals, "order"), b},
                                                 {rule("a", "header:topic", Fit::equals, "orders"), b}};
  for (const auto& rules : all) prints.insert(deriver_of(rules)->fingerprint());
  EXPECT_EQ(prints.size(), all.size());
}

TEST(Rules, AHiddenTextOfAConditionIsInNoMessage) {
  KeyRule secret = rule("a", "topic", Fit::equals, "s3cret");
  secret.when->shown = "${TOPIC}";
  const auto deriver = deriver_of({secret});
  for (const std::string& text :
       {deriver->fingerprint(), deriver->description(), deriver->explain(message("orders")).rules.front().why}) {
    EXPECT_EQ(text.find("s3cret"), std::string::npos) << text;
  }
  secret.when->test = Fit::matches;
  secret.when->text = "s3cret(";
  EXPECT_EQ(error_of({secret}).find("s3cret"), std::string::npos);
}

TEST(Rules, ThatCannotBeAreRefused) {
  const KeyRule good = rule("a", "topic", Fit::equals, "orders");
  EXPECT_NE(error_of({rule("", "topic", Fit::equals, "x")}).find("cannot name a rule"), std::string::npos);
  EXPECT_NE(error_of({rule("a b", "topic", Fit::equals, "x")}).find("cannot name a rule"), std::string::npos);
  EXPECT_NE(error_of({good, good}).find("two rules have the name 'a'"), std::string::npos);
  EXPECT_NE(error_of({{"all", {}, by_record_key()}, good}).find("'a' is never reached"), std::string::npos);
  EXPECT_NE(error_of({rule("a", "payload", Fit::equals, "x")}).find("topic or header:NAME"), std::string::npos);
  EXPECT_NE(error_of({rule("a", "header:", Fit::equals, "x")}).find("topic or header:NAME"), std::string::npos);
  EXPECT_NE(error_of({rule("a", "topic", Fit::matches, "(x")}).find("missing )"), std::string::npos);
  EXPECT_NE(error_of({{"a", {}, KeySpec{}}}).find("key.fields is empty"), std::string::npos);
}

TEST(Rules, AnExplanationNamesEachThatWasAskedAndWhy) {
  const auto deriver = deriver_of({rule("a", "header:kind", Fit::prefix, "pay"),
                                   rule("b", "topic", Fit::equals, "orders"),
                                   {"c", {}, by_record_key()}});
  const Explanation explanation = deriver->explain(message("orders"));
  ASSERT_EQ(explanation.rules.size(), 2U);
  EXPECT_FALSE(explanation.rules[0].used);
  EXPECT_EQ(explanation.rules[0].why, "header:kind begins with \"pay\": there is no such header");
  EXPECT_TRUE(explanation.rules[1].used);
  EXPECT_EQ(explanation.rules[1].why, "topic equals \"orders\": \"orders\"");
  EXPECT_EQ(explanation.result.rule, 1);
  EXPECT_EQ(explanation.parts[1].part, "rule:b");
}

TEST(Rules, AnExpressionIsRe2sAndTakesNoTimeThatGrowsBeyondTheText) {
  const auto deriver = deriver_of({rule("a", "topic", Fit::matches, "(a*)*b"), {"b", {}, by_record_key()}});
  const std::string topic(10'000, 'a');
  EXPECT_EQ(derived(*deriver, message(topic)).rule, 1);
  EXPECT_NE(error_of({rule("a", "topic", Fit::matches, "(a)\\1")}).find("is no regular expression"), std::string::npos)
      << "RE2 has no back references";
}

}  // namespace
}  // namespace firstseen::key
