#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "base/hex.h"
#include "json_reference.h"
#include "key/json_selector.h"
#include "key/reasons.h"

namespace firstseen::key {
namespace {

using namespace std::string_literals;

std::string readable(const std::string& text) {
  return text + " (" + to_hex({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}) + ")";
}

/// Reads with a pointer through the document, one to nowhere and none at all: the verdict must not depend on it, except
/// that objects which pointers go through may not repeat a member.
class Verdicts {
 public:
  void expect_as_reference(const std::string& text) {
    const bool valid = is_json_by_reference(text, max_json_depth);
    EXPECT_EQ(none_.read(text), valid) << readable(text);
    for (JsonSelector* selector : {&through_, &whole_}) {
      const bool read = selector->read(text);
      const bool only_repeated = !read && (selector->fault().reason == reason::repeated_member ||
                                           selector->fault().reason == reason::number_out_of_range);
      if (!only_repeated) {
        EXPECT_EQ(read, valid) << readable(text);
      }
      if (read) continue;
      EXPECT_FALSE(selector->fault().reason.empty()) << readable(text);
      EXPECT_LE(selector->fault().offset, text.size()) << readable(text);
    }
    ++(valid ? valid_ : invalid_);
  }

  int valid_ = 0;
  int invalid_ = 0;

 private:
  JsonSelector none_{{}};
  JsonSelector through_{{{"a"}, {"0"}, {"a", "b"}, {"0", "0"}, {"a", "0"}}};
  JsonSelector whole_{{{}, {"a"}}};
};

const std::vector<std::string>& accepted() {
  static const std::vector<std::string> texts{"0",
                                              "-0",
                                              "1",
                                              "-1",
                                              "10",
                                              "1.5",
                                              "0.0",
                                              "1e5",
                                              "1E+5",
                                              "1e-5",
                                              "-1.25e+10",
                                              "true",
                                              "false",
                                              "null",
                                              "\"\"",
                                              "\"a\"",
                                              " 1 ",
                                              "\t\r\n 1\n",
                                              "[]",
                                              "{}",
                                              "[ ]",
                                              "{ }",
                                              "[[]]",
                                              "[{}]",
                                              "{\"\":0}",
                                              "[1,2]",
                                              "[1 , 2 ]",
                                              "{\"a\":1,\"b\":[true,false,null]}",
                                              "\"\\u0000\"",
                                              "\"\\ud83d\\ude00\"",
                                              "\"\\uD83D\\uDE00\"",
                                              "\"\\\\\"",
                                              "\"\\\"\"",
                                              "[\"\\\\\\\"\"]",
                                              "\"\x7f\"",
                                              "\"\xc2\x80\"",
                                              "\"\xef\xbf\xbf\"",
                                              "\"\xf4\x8f\xbf\xbf\"",
                                              "1e400",
                                              "[1e99999999999999999999]",
                                              std::string(400, '7'),
                                              "\"\xef\xbb\xbf\"",
                                              "{\"a\":{\"b\":{\"c\":[[[0]]]}}}",
                                              "[\"]\",\"}\",\",\",\":\"]",
                                              "{\"]\":\"[\"}",
                                              "{\"a\":1,\"a\":2}",
                                              "\"\\/\"",
                                              "123456789012345678901234567890"};
  return texts;
}

const std::vector<std::string>& refused() {
  static const std::vector<std::string> texts{"",
                                              " ",
                                              "\n",
                                              "-",
                                              "+1",
                                              "01",
                                              "-01",
                                              "00",
                                              "1.",
                                              ".5",
                                              "1.e1",
                                              "1e",
                                              "1e+",
                                              "1ee1",
                                              "0x1",
                                              "1_0",
                                              "1a",
                                              "NaN",
                                              "Infinity",
                                              "-Infinity",
                                              "nul",
                                              "nulll",
                                              "True",
                                              "tru",
                                              "truefalse",
                                              "'a'",
                                              "\"",
                                              "\"a",
                                              "a\"",
                                              "\"a\"b",
                                              "\"a\" \"b\"",
                                              "\"a\"1",
                                              "1\"a\"",
                                              "1 2",
                                              "[1 2]",
                                              "[1,]",
                                              "[,1]",
                                              "[,]",
                                              "[1,,2]",
                                              "[",
                                              "]",
                                              "[1",
                                              "1]",
                                              "[1]]",
                                              "[[1]",
                                              "[}",
                                              "{]",
                                              "[1}",
                                              "{\"a\":1]",
                                              "{",
                                              "}",
                                              "{}}",
                                              "{{}}",
                                              "{}{}",
                                              "[][]",
                                              "[]{}",
                                              "{},",
                                              "[],",
                                              ",",
                                              ":",
                                              "{\"a\"}",
                                              "{\"a\":}",
                                              "{\"a\":1,}",
                                              "{,}",
                                              "{,\"a\":1}",
                                              "{a:1}",
                                              "{1:1}",
                                              "{'a':1}",
                                              "{\"a\" 1}",
                                              "{\"a\"::1}",
                                              "{\"a\":1 \"b\":2}",
                                              "{\"a\":1:2}",
                                              "{\"a\":1,,\"b\":2}",
                                              "[\"a\":1]",
                                              "[1:2]",
                                              "[\"a\":]",
                                              "{\"a\":\"b\":\"c\"}",
                                              "{\"a\":\"b\":1}",
                                              "{null:1}",
                                              "{[]:1}",
                                              "{\"a\",\"b\"}",
                                              "[1]x",
                                              "[1] x",
                                              "{} 1",
                                              "1 x",
                                              "null null",
                                              "[\"a\"b]",
                                              "[\"a\" b]",
                                              "[1\"a\"]",
                                              "[tru]",
                                              "[nul,1]",
                                              "[true false]",
                                              "[-]",
                                              "[- 1]",
                                              "[1.5.5]",
                                              "[1 .5]",
                                              "[01]",
                                              "[1e]",
                                              "\"\\x\"",
                                              "\"\\\"",
                                              "\"\\u\"",
                                              "\"\\u12\"",
                                              "\"\\u12g4\"",
                                              "\"\\uD800\"",
                                              "\"\\uDC00\"",
                                              "\"\\uD800\\uD800\"",
                                              "\"\\uD800x\"",
                                              "\"\\uD800\\n\"",
                                              "\"\\uDC00\\uD800\"",
                                              "\"\\U0041\"",
                                              "\"\\a\"",
                                              "\"\n\"",
                                              "\"\t\"",
                                              "\"\x01\"",
                                              "\"\x1f\"",
                                              "\"\0\""s,
                                              "\0"s,
                                              "1\0"s,
                                              "[1]\0"s,
                                              "[1\0]"s,
                                              "\0[1]"s,
                                              "[1\f]",
                                              "\f1",
                                              "1\v",
                                              "\xa0\x31",
                                              "\xc2\xa0\x31",
                                              "\"\x80\"",
                                              "\"\xc0\x80\"",
                                              "\"\xc1\xbf\"",
                                              "\"\xe0\x80\x80\"",
                                              "\"\xed\xa0\x80\"",
                                              "\"\xf0\x80\x80\x80\"",
                                              "\"\xf4\x90\x80\x80\"",
                                              "\"\xf5\x80\x80\x80\"",
                                              "\"\xff\"",
                                              "\"\xc2\"",
                                              "\"\xe2\x82\"",
                                              "[\xff]",
                                              "\xef\xbb\xbf{}",
                                              "\xef\xbb\xbf",
                                              "\xfe\xff",
                                              "//a\n1",
                                              "1//a",
                                              "/**/1",
                                              "[1/**/]",
                                              "#",
                                              "{\"a\":1}#",
                                              "[\\\"a\"]",
                                              "\\\"a\"",
                                              "[\"a\"\\]",
                                              "[1\\]",
                                              "{\"a\\u12\":1}",
                                              "{\"\\x\":1}",
                                              "{\"a\":\"\\x\"}",
                                              "[\"a\\\"]",
                                              "\"\\\\\\\"",
                                              "{\"a\":1\x1a\x32}",
                                              "[1\x0c\x32]",
                                              "<null>",
                                              "[*]",
                                              "&",
                                              "{\"a\":/*b*/1}",
                                              "[\"\xed\xbf\xbf\"]"};
  return texts;
}

TEST(JsonVerdict, EveryListedTextIsJudgedAsTheGrammarSays) {
  Verdicts verdicts;
  for (const std::string& text : accepted()) {
    ASSERT_TRUE(is_json_by_reference(text, max_json_depth)) << readable(text);
    verdicts.expect_as_reference(text);
  }
  for (const std::string& text : refused()) {
    ASSERT_FALSE(is_json_by_reference(text, max_json_depth)) << readable(text);
    verdicts.expect_as_reference(text);
  }
}

TEST(JsonVerdict, ScalarsAreJudgedTheSameInsideContainersAndBehindPointers) {
  Verdicts verdicts;
  for (const auto* texts : {&accepted(), &refused()}) {
    for (const std::string& text : *texts) {
      for (const auto& [before, after] : {std::pair{"[", "]"},
                                          {"{\"a\":", "}"},
                                          {"{\"a\":[", ",1]}"},
                                          {"{\"x\":1,\"a\":{\"b\":", "}}"},
                                          {" [0 , ", " , 0 ] "}}) {
        verdicts.expect_as_reference(before + text + after);
      }
    }
  }
}

TEST(JsonVerdict, EveryTextOfUpToFiveTokensIsJudgedAsTheGrammarSays) {
  const std::vector<std::string> tokens{"{", "}", "[", "]", ":", ",", "\"a\"", "1", "null", " "};
  Verdicts verdicts;
  std::vector<std::string> shorter{""};
  for (int length = 1; length <= 5; ++length) {
    std::vector<std::string> longer;
    for (const std::string& text : shorter) {
      for (const std::string& token : tokens) longer.push_back(text + token);
    }
    for (const std::string& text : longer) verdicts.expect_as_reference(text);
    shorter = std::move(longer);
  }
  EXPECT_GT(verdicts.valid_, 50);
  EXPECT_GT(verdicts.invalid_, 50'000);
}

TEST(JsonVerdict, ValidTextsWithRandomDamageAreJudgedAsTheGrammarSays) {
  const std::string alphabet = "{}[]:,\"\\/ \t\n0123456789-+.eEtruefalsnbu\xc3\xa9\xed\xff\x01"s + '\0';
  const std::string base =
      R"({"a":{"b":[1,-2.5e3,"x\u00e9\ud83d\ude00\n",true],"0":null},"0":[[],{}],"long":"0123456789012345678901234567890)"
      R"(12345678901234567890123456789","é":["\\",false , 0.10E-2 ]})";
  Verdicts verdicts;
  std::mt19937_64 random(20241121);
  const auto below = [&random](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  for (int round = 0; round < 60'000; ++round) {
    std::string text = base;
    for (std::size_t damage = 1 + below(3); damage > 0; --damage) {
      const std::size_t at = below(text.size());
      const char c = alphabet[below(alphabet.size())];
      switch (below(4)) {
        case 0:
          text[at] = c;
          break;
        case 1:
          text.erase(at, 1 + below(4));
          break;
        case 2:
          text.insert(at, 1, c);
          break;
        default:
          text.insert(at, text.substr(below(text.size()), 1 + below(6)));
          break;
      }
    }
    verdicts.expect_as_reference(text);
    if (::testing::Test::HasFailure()) return;
  }
  EXPECT_GT(verdicts.valid_, 1000);
  EXPECT_GT(verdicts.invalid_, 1000);
}

TEST(JsonVerdict, NestingBeyondTheLimitIsACleanRejection) {
  JsonSelector selector({{}, {"a"}});
  for (const unsigned depth : {1U, 1023U, 1024U, 1025U, 10'000U, 200'000U}) {
    const std::string arrays = std::string(depth, '[') + std::string(depth, ']');
    EXPECT_EQ(selector.read(arrays), depth <= max_json_depth) << depth;
    std::string objects;
    for (unsigned i = 0; i < depth; ++i) objects += "{\"a\":";
    objects += "1" + std::string(depth, '}');
    EXPECT_EQ(selector.read(objects), depth <= max_json_depth) << depth;
    if (depth > max_json_depth) {
      EXPECT_EQ(selector.fault().reason, reason::nested_too_deeply);
    }
    EXPECT_FALSE(selector.read(std::string(depth, '[')));
  }
}

TEST(JsonVerdict, TheFaultSaysWhatAndWhere) {
  struct Case {
    std::string text;
    std::string_view reason;
    std::size_t offset;
  };
  JsonSelector selector({{"a"}});
  for (const Case& c : std::vector<Case>{{"{\"a\":1,\"b\":\"\xff\"}", reason::invalid_utf8, 12},
                                         {"{\"b\":01}", reason::invalid_number, 5},
                                         {"{\"b\":\"\\q\"}", reason::invalid_string, 6},
                                         {"{\"b\":\"x\n\"}", reason::invalid_string, 7},
                                         {"{\"b\":\"x", reason::invalid_string, 5},
                                         {"{\"b\":1,\"c\":2,\"b\":3}", reason::repeated_member, 13},
                                         {"{} x", reason::trailing_data, 3},
                                         {"{\"b\":\"}\"}\n]", reason::trailing_data, 10},
                                         {"[[1]", reason::malformed_json, 4},
                                         {"1 x", reason::trailing_data, 2},
                                         {"{\"a\":1e1000000000000000000}", reason::number_out_of_range, 5},
                                         {"{\"a\":nope}", reason::malformed_json, 5}}) {
    ASSERT_FALSE(selector.read(c.text)) << c.text;
    EXPECT_EQ(selector.fault().reason, c.reason) << c.text;
    EXPECT_EQ(selector.fault().offset, c.offset) << c.text;
  }
}

}  // namespace
}  // namespace firstseen::key
