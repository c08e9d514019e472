#include "key/deriver.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>

#include "base/hex.h"

namespace firstseen::key {
namespace {

std::unique_ptr<Deriver> make(std::vector<PartSpec> parts, DigestAlgorithm digest = DigestAlgorithm::sha256) {
  KeySpec spec;
  spec.fields = std::move(parts);
  spec.digest = digest;
  auto made = Deriver::make(spec);
  EXPECT_TRUE(made);
  return std::move(*made);
}

MessageView with_value(std::string_view value) {
  MessageView message;
  message.topic = "orders";
  message.value = value;
  return message;
}

TEST(Deriver, AnswersTheSameWhateverItReadBefore) {
  const auto used = make({{"payload:/a", {}}, {"payload:/b/0", OnMissing::as_null}});
  const std::vector<std::string> values{R"({"a":{"z":1,"y":{"d":1,"c":2}},"b":[1]})",
                                        "{",
                                        R"({"a":1})",
                                        "{}",
                                        "",
                                        R"({"a":"\u0041"})",
                                        R"({"a":1,"a":2})",
                                        R"({"a":"A"})",
                                        "[[[",
                                        "null"};
  Derived derived;
  for (int round = 0; round < 3; ++round) {
    for (const std::string& value : values) {
      used->derive(with_value(value), derived);
      Derived fresh;
      make({{"payload:/a", {}}, {"payload:/b/0", OnMissing::as_null}})->derive(with_value(value), fresh);
      EXPECT_EQ(derived.kind, fresh.kind) << value;
      EXPECT_EQ(derived.rejection.reason, fresh.rejection.reason) << value;
      EXPECT_EQ(derived.rejection.detail, fresh.rejection.detail) << value;
      if (fresh.kind == Derived::Kind::key) {
        EXPECT_EQ(derived.digest, fresh.digest) << value;
      }
    }
  }
}

TEST(Deriver, DoesNotTouchTheMessage) {
  constexpr std::string_view before = R"({"\u0061":"\u0062\n"})";
  const std::string value(before);
  Derived derived;
  make({{"payload:/a", {}}})->derive(with_value(value), derived);
  EXPECT_EQ(derived.kind, Derived::Kind::key);
  EXPECT_EQ(value, before);
}

TEST(Deriver, ReadsAValueOfTwentyMegabytesAndGoesOn) {
  const auto deriver = make({{"payload:/id", {}}});
  std::string value = R"({"blob":")";
  value.resize(20'000'000, 'x');
  value += R"(","list":[0)";
  for (int i = 0; i < 100'000; ++i) value += ",1e400";
  value += R"(],"id":9007199254740993})";
  Derived large;
  deriver->derive(with_value(value), large);
  Derived small;
  deriver->derive(with_value(R"({"id":9007199254740993})"), small);
  ASSERT_EQ(large.kind, Derived::Kind::key) << large.rejection.detail;
  EXPECT_EQ(large.digest, small.digest);
}

TEST(Deriver, FindsTheLastOfAThousandHeaders) {
  std::vector<HeaderView> headers(1000, HeaderView{"other", "x"});
  headers[0] = {"id", "first"};
  headers[500] = {"id", "second"};
  MessageView message = with_value("");
  message.headers = headers;
  const Explanation explanation = make({{"header:id", {}}})->explain(message);
  EXPECT_EQ(explanation.parts.back().found, "\"second\"");
}

/// Of what it costs nothing is asserted: copying 200 MB, a copy per level, is less than a busy machine may add.
TEST(Deriver, PutsALongValueInOrderAtEveryLevelOfNesting) {
  const std::string text = "\"" + std::string(200'000, 'x') + "\"";
  std::string unordered_begin;
  std::string unordered_end;
  std::string ordered_begin;
  std::string ordered_end;
  for (int i = 0; i < 1000; ++i) {
    unordered_begin += R"({"b":)";
    unordered_end += R"(,"a":1})";
    ordered_begin += R"({"a":1,"b":)";
    ordered_end += "}";
  }
  const auto deriver = make({{"payload:", {}}});
  Derived unordered;
  deriver->derive(with_value(unordered_begin + text + unordered_end), unordered);
  Derived ordered;
  deriver->derive(with_value(ordered_begin + text + ordered_end), ordered);
  ASSERT_EQ(unordered.kind, Derived::Kind::key) << unordered.rejection.detail;
  ASSERT_EQ(ordered.kind, Derived::Kind::key) << ordered.rejection.detail;
  EXPECT_EQ(unordered.digest, ordered.digest);
}

/// A random value, written twice with other spellings, orders and spaces.
struct Spelt {
  std::string one;
  std::string other;
};

Spelt random_value(std::mt19937_64& random, int depth) {
  const auto below = [&random](std::uint64_t n) { return random() % n; };
  const std::uint64_t kind = below(depth > 0 ? 6 : 4);
  if (kind == 0) {
    const std::string n = std::to_string(below(1000) + 1);
    return {n, n + "00e-2"};
  }
  if (kind == 1) {
    const auto c = static_cast<char>('a' + below(26));
    return {std::string("\"") + c + "\"", "\"\\u00" + to_hex(std::vector{static_cast<std::uint8_t>(c)}) + "\""};
  }
  if (kind < 4) return {kind == 2 ? "true" : "null", kind == 2 ? "true" : " null "};
  Spelt out{kind == 4 ? "[" : "{", kind == 4 ? "[ " : "{\n"};
  const std::uint64_t count = below(4);
  std::vector<Spelt> items;
  for (std::uint64_t i = 0; i < count; ++i) {
    Spelt item = random_value(random, depth - 1);
    const std::string name = kind == 5 ? "\"m" + std::to_string(i) + "\":" : "";
    items.push_back({name + item.one, name + " " + item.other});
  }
  for (std::uint64_t i = 0; i < count; ++i) {
    out.one += (i ? "," : "") + items[i].one;
    out.other += (i ? " , " : "") + items[kind == 5 ? count - 1 - i : i].other;
  }
  out.one += kind == 4 ? "]" : "}";
  out.other += kind == 4 ? "\t]" : "\t}";
  return out;
}

TEST(Deriver, EqualValuesHaveOneKeyHoweverTheyAreWritten) {
  std::mt19937_64 random(7);
  const auto deriver = make({{"payload:", {}}});
  std::set<std::string> encodings;
  for (int i = 0; i < 5000; ++i) {
    const Spelt value = random_value(random, 5);
    const Explanation one = deriver->explain(with_value(value.one));
    const Explanation other = deriver->explain(with_value(value.other));
    ASSERT_EQ(one.result.kind, Derived::Kind::key) << value.one << one.result.rejection.detail;
    ASSERT_EQ(one.canonical_hex, other.canonical_hex) << value.one << "\n" << value.other;
    encodings.insert(one.canonical_hex);
  }
  EXPECT_GT(encodings.size(), 1000U);
}

TEST(Explanation, ShowsEachPartWhatWasFoundAndItsEncoding) {
  KeySpec spec;
  spec.name_space = "shop";
  spec.fields = {{"payload:/o", {}}, {"header:h", OnMissing::as_null}, {"timestamp:1m", {}}, {"record_key", {}}};
  MessageView message = with_value(R"({"o": {"b": 1.0, "a": "x"} , "z":0})");
  message.timestamp_ms = 61'001;
  message.key = std::string_view("\xff", 1);
  const Explanation explanation = (*Deriver::make(spec))->explain(message);
  ASSERT_EQ(explanation.parts.size(), 6U);
  EXPECT_EQ(explanation.parts[0].found, "\"shop\"");
  EXPECT_EQ(explanation.parts[1].found, "\"orders\"");
  EXPECT_EQ(explanation.parts[2].found, R"({"b": 1.0, "a": "x"})");
  EXPECT_EQ(explanation.parts[2].canonical_hex,
            "07161401611401781401621303316530"
            "1f");
  EXPECT_EQ(explanation.parts[3].found, "header:h: the message has no such header");
  EXPECT_EQ(explanation.parts[3].canonical_hex, "0500");
  EXPECT_EQ(explanation.parts[4].found, "1970-01-01T00:01:00.000Z (60000 ms)");
  EXPECT_EQ(explanation.parts[5].found, "bytes ff");
  std::string all = "0106";
  for (const ExplainedPart& part : explanation.parts) all += part.canonical_hex;
  EXPECT_EQ(explanation.canonical_hex, all);
}

TEST(Explanation, SaysWhyAMessageWouldBeRejected) {
  const Explanation malformed = make({{"payload:/id", {}}, {"topic", {}}})->explain(with_value("{\"id\":1,}"));
  EXPECT_EQ(malformed.result.kind, Derived::Kind::reject);
  EXPECT_EQ(malformed.result.rejection.reason, "malformed_json");
  EXPECT_NE(malformed.result.rejection.detail.find("byte"), std::string::npos);
  EXPECT_TRUE(malformed.canonical_hex.empty());
  EXPECT_EQ(malformed.parts.back().found, "\"orders\"");
  const Explanation missing = make({{"payload:/id", {}}})->explain(with_value("{}"));
  EXPECT_EQ(missing.result.rejection.detail, "payload:/id: the JSON value has nothing there");
}

}  // namespace
}  // namespace firstseen::key
