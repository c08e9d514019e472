#include <gtest/gtest.h>
#include <simdjson.h>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "key/joined_key.h"
#include "key/short_key.h"

// Joined and short keys against tests/data/interoperable_keys.json, which check_interoperable_keys.py recomputes.

namespace firstseen::key {
namespace {

namespace dom = simdjson::dom;

Result<std::string> text_of(const Result<ShortKey>& key) {
  if (!key) return forward(key.error());
  return key->text();
}

/// The library's answer to a known case.
Result<std::string> answer(const dom::element& given) {
  const auto text = [&](const char* name) { return given[name].get_string().value(); };
  dom::array list;
  if (given["parts"].get(list) == simdjson::SUCCESS) {
    std::vector<std::string_view> parts;
    for (const dom::element part : list) parts.push_back(part.get_string().value());
    return joined_key(parts, text("separator"));
  }
  std::uint64_t step = 0;
  const bool has_step = given["step"].get(step) == simdjson::SUCCESS;
  if (given["run"].error() == simdjson::SUCCESS) return text_of(ShortKey::of_step(text("run"), text("episode"), step));
  IntentMetadata metadata{text("intent"), text("actor"), text("episode")};
  if (has_step) metadata.step = step;
  return text_of(ShortKey::of_intent(metadata));
}

TEST(InteroperableKeys, AreTheKnownAnswers) {
  dom::parser parser;
  dom::element file;
  ASSERT_EQ(parser.load(FIRSTSEEN_SOURCE_DIR "/tests/data/interoperable_keys.json").get(file), simdjson::SUCCESS);
  dom::array cases;
  ASSERT_EQ(file["cases"].get(cases), simdjson::SUCCESS);
  int keys = 0;
  int refused = 0;
  for (const dom::element known : cases) {
    SCOPED_TRACE(simdjson::minify(known));
    const auto made = answer(known);
    std::string_view expected;
    if (known["key"].get(expected) == simdjson::SUCCESS) {
      ASSERT_TRUE(made) << made.error().message;
      EXPECT_EQ(*made, expected);
      ++keys;
    } else {
      ASSERT_FALSE(made) << *made;
      EXPECT_EQ(made.error().exit, Exit::bad_data);
      ++refused;
    }
  }
  EXPECT_GT(keys, 20);
  EXPECT_GT(refused, 20);
}

TEST(JoinedKey, TwoListsOfPartsNeverGiveOneText) {
  for (const std::string separator : {"|", "::", "aba", "aab"}) {
    const std::vector<std::string> pieces{"", "a", "b", ":", "|", "ab", "ba", "a:", "aa"};
    std::map<std::string, std::vector<std::string_view>> seen;
    int joined = 0;
    const std::function<void(std::vector<std::string_view>&)> join_all = [&](std::vector<std::string_view>& parts) {
      if (const auto text = join_parts(parts, separator)) {
        ++joined;
        EXPECT_EQ(seen.emplace(*text, parts).first->second, parts) << *text;
      }
      if (parts.size() == 4) return;
      for (const std::string& piece : pieces) {
        parts.push_back(piece);
        join_all(parts);
        parts.pop_back();
      }
    };
    std::vector<std::string_view> none;
    join_all(none);
    EXPECT_GT(joined, 500) << separator;
    EXPECT_EQ(seen.size(), static_cast<std::size_t>(joined));
  }
}

std::string message_of(const Result<std::string>& refused) { return refused ? "" : refused.error().message; }

TEST(JoinedKey, ARefusalSaysWhichPartAndWhatToDo) {
  const std::vector<std::string_view> second{"a", "b|c"};
  EXPECT_EQ(message_of(joined_key(second)),
            "part 2 of the key contains the separator '|' (byte 1), so other parts would give the same key: choose a "
            "separator that no part contains");
  const std::vector<std::string_view> beside{"a", "b:", "c"};
  EXPECT_NE(message_of(joined_key(beside, "::")).find("part 2 of the key and a separator '::' beside it"),
            std::string::npos)
      << message_of(joined_key(beside, "::"));
  const std::vector<std::string_view> behind{"a", ":b", "c"};
  EXPECT_NE(message_of(joined_key(behind, "::")).find("part 2 of the key and a separator"), std::string::npos);
}

TEST(ShortKey, ReadsWhatItWrites) {
  const auto key = ShortKey::of_step("run-1", "ep-1", 0);
  ASSERT_TRUE(key);
  EXPECT_EQ(key->text().size(), ShortKey::length);
  EXPECT_EQ(ShortKey::find_fault(key->text()), std::nullopt);
  const auto again = ShortKey::parse(key->text());
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, *key);
}

struct WrongForm {
  std::string_view text;
  ShortKey::Fault fault;
  std::string_view message;
};

TEST(ShortKey, EachWrongFormIsAnErrorOfItsOwn) {
  using Fault = ShortKey::Fault;
  const std::vector<WrongForm> forms{
      {"", Fault::wrong_prefix, "a short key begins with 'idem_'"},
      {"idem", Fault::wrong_prefix, "begins with 'idem_'"},
      {"idem-0123456789abcdef", Fault::wrong_prefix, "begins with 'idem_'"},
      {"IDEM_0123456789abcdef", Fault::wrong_prefix, "begins with 'idem_'"},
      {" idem_0123456789abcde", Fault::wrong_prefix, "begins with 'idem_'"},
      {"0123456789abcdef", Fault::wrong_prefix, "begins with 'idem_'"},
      {"idem_", Fault::wrong_length, "a short key is 21 characters long; this one has 5"},
      {"idem_0123456789abcde", Fault::wrong_length, "this one has 20"},
      {"idem_0123456789abcdef0", Fault::wrong_length, "this one has 22"},
      {"idem_0123456789abcdef\n", Fault::wrong_length, "this one has 22"},
      {"idem_0123456789abcdeg", Fault::no_hex_digit, "16 hexadecimal digits behind 'idem_'; byte 20 is none"},
      {"idem_ 123456789abcdef", Fault::no_hex_digit, "byte 5 is none"},
      {"idem_0123456789abcd\xc3\xa4", Fault::no_hex_digit, "byte 19 is none"},
      {std::string_view("idem_0123456789abcde\0", 21), Fault::no_hex_digit, "byte 20 is none"},
      {"idem_0123456789abcdeF", Fault::upper_case, "written in lower-case letters; byte 20 is an upper-case one"},
      {"idem_A123456789abcdef", Fault::upper_case, "byte 5 is an upper-case one"},
  };
  std::set<Fault> faults;
  for (const WrongForm& form : forms) {
    SCOPED_TRACE(form.text);
    EXPECT_EQ(ShortKey::find_fault(form.text), form.fault);
    const auto parsed = ShortKey::parse(form.text);
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().exit, Exit::bad_data);
    EXPECT_NE(parsed.error().message.find(form.message), std::string::npos) << parsed.error().message;
    faults.insert(form.fault);
  }
  EXPECT_EQ(faults.size(), 4U);
}

TEST(ShortKey, WhatIsMissingOrAmbiguousIsNamed) {
  const auto message = [](const Result<ShortKey>& key) { return key ? std::string() : key.error().message; };
  EXPECT_NE(message(ShortKey::of_step("", "e", 0)).find("needs a run"), std::string::npos);
  EXPECT_NE(message(ShortKey::of_step("r", "", 0)).find("needs an episode"), std::string::npos);
  EXPECT_NE(message(ShortKey::of_intent({"", "a", "e"})).find("needs an intent"), std::string::npos);
  EXPECT_NE(message(ShortKey::of_intent({"i", "", "e"})).find("needs an actor"), std::string::npos);
  EXPECT_NE(message(ShortKey::of_intent({"i:j", "a", "e"})).find("the intent 'i:j' contains ':' (byte 1)"),
            std::string::npos);
  EXPECT_NE(message(ShortKey::of_step("a::b", "c", 0)).find("run::episode::step: part 1 of the key contains"),
            std::string::npos);
}

}  // namespace
}  // namespace firstseen::key
