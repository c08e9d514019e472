#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "json_reference.h"
#include "key/json_selector.h"
#include "key/reasons.h"

// Member names may not repeat, after unescaping, in objects that a pointer goes through or that are part of the key;
// elsewhere they may.

namespace firstseen::key {
namespace {

void expect_repeated(JsonSelector& selector, const std::string& text, std::size_t at) {
  ASSERT_FALSE(selector.read(text)) << text.substr(0, 200);
  EXPECT_EQ(selector.fault().reason, reason::repeated_member) << text.substr(0, 200);
  EXPECT_EQ(selector.fault().offset, at) << text.substr(0, 200);
}

TEST(JsonRepeatedMembers, AreToldByTheirPlaceAndNotByTheirNameWhichIsThePayloads) {
  JsonSelector through({{"id"}});
  expect_repeated(through, R"({"id":1,"4929-1234":2,"4929-1234":3})", 22);
  EXPECT_EQ(through.fault().note.find("4929"), std::string::npos) << through.fault().note;
}

TEST(JsonRepeatedMembers, NamesThatDifferOnlyInTheirMiddleAreNotRepeats) {
  JsonSelector through({{"id"}});
  const std::string two = R"({"id":1,"aaaaaaaa1bbbbbbbb":2,"aaaaaaaa2bbbbbbbb":3)";
  EXPECT_TRUE(through.read(two + "}"));
  EXPECT_TRUE(through.selected(0).found);
  expect_repeated(through, two + R"(,"aaaaaaaa1bbbbbbbb":4})", two.size() + 1);
}

TEST(JsonRepeatedMembers, AreFoundInObjectsOfAnySize) {
  for (const bool encoded : {false, true}) {
    JsonSelector selector(encoded ? std::vector<JsonPointer>{{}} : std::vector<JsonPointer>{{"id"}});
    for (const int members : {1, 2, 255, 256, 257, 300, 3000}) {
      SCOPED_TRACE(fmt::format("{} members, encoded: {}", members, encoded));
      std::string text = "{";
      for (int i = 0; i < members; ++i) text += fmt::format("{}\"member {}\":{}", i == 0 ? "" : ",", i, i);
      EXPECT_TRUE(selector.read(text + "}"));
      for (const int repeated : {0, members / 2, members - 1}) {
        expect_repeated(selector, text + fmt::format(",\"member {}\":0}}", repeated), text.size() + 1);
      }
    }
  }
}

TEST(JsonRepeatedMembers, AreComparedAfterUnescaping) {
  JsonSelector through({{"a"}});
  JsonSelector whole(std::vector<JsonPointer>{{}});
  for (JsonSelector* selector : {&through, &whole}) {
    expect_repeated(*selector, R"({"a":1,"\u0061":2})", 7);
    expect_repeated(*selector, R"({"\u0061":1,"a":2})", 12);
    expect_repeated(*selector, R"({"x/y":1,"x\/y":2})", 9);
    expect_repeated(*selector,
                    R"({"\uD83D\ude00":1,")"
                    "\xf0\x9f\x98\x80"
                    R"(":2})",
                    18);
    EXPECT_TRUE(selector->read(R"({"a":1,"\\u0061":2})"));
    EXPECT_TRUE(selector->read(R"({"a":1,"A":2,"\u0041\u0000":3,"A\u0001":4})"));
  }
  ASSERT_TRUE(through.read(R"({"b":0,"\u0061":7})"));
  EXPECT_TRUE(through.selected(0).found);
}

/// A document by seed, written as text; knows where a name that matters is repeated.
class RandomDocument {
 public:
  explicit RandomDocument(unsigned seed) : random_(seed) { value({true, {}, false}, 0); }

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] bool repeated() const { return repeated_; }
  std::mt19937& random() { return random_; }

  static std::vector<JsonPointer> pointers() { return {{"a", "b"}, {"a", "0"}}; }

 private:
  /// A value's place: whether a pointer leads to it or through it, by which tokens, and whether it is in the key.
  struct Place {
    bool on_the_way;
    std::vector<std::string> path;
    bool encoded;
  };

  unsigned below(unsigned limit) { return std::uniform_int_distribution<unsigned>(0, limit - 1)(random_); }

  /// The place of a member or element.
  static Place inside(const Place& outer, const std::string& token) {
    Place place{false, outer.path, outer.encoded};
    place.path.push_back(token);
    if (!outer.on_the_way) return place;
    for (const JsonPointer& pointer : pointers()) {
      const bool prefix =
          place.path.size() <= pointer.size() && std::equal(place.path.begin(), place.path.end(), pointer.begin());
      place.on_the_way = place.on_the_way || prefix;
      place.encoded = place.encoded || (prefix && place.path.size() == pointer.size());
    }
    return place;
  }

  void space() {
    if (below(6) == 0) text_ += " \n\t\r"[below(4)];
  }

  void name(const std::string& name) {
    text_ += '"';
    for (const char c : name)
      text_ += below(4) == 0 ? fmt::format("\\u{:04x}", static_cast<unsigned>(c)) : std::string(1, c);
    text_ += '"';
  }

  void value(const Place& place, unsigned depth) {
    space();
    const unsigned kind = depth == 0 ? 0 : below(depth < 5 ? 8 : 5);
    if (kind == 0 || kind > 5) {
      object(place, depth);
    } else if (kind == 5) {
      array(place, depth);
    } else {
      text_ += std::vector<std::string>{"null", "-1.50e+2", R"("a\"\u00e9")", R"("\\")"}[kind - 1];
    }
    space();
  }

  void object(const Place& place, unsigned depth) {
    static const std::vector<std::string> names{
        "a", "b", "0", "c", "", "long enough 1 to hash", "long enough 2 to hash"};
    std::set<std::string> seen;
    const unsigned count = depth < 6 ? below(4) : 0;
    text_ += '{';
    for (unsigned i = 0; i < count; ++i) {
      const std::string& chosen = names[below(static_cast<unsigned>(names.size()))];
      if (!seen.insert(chosen).second && (place.on_the_way || place.encoded)) repeated_ = true;
      if (i > 0) text_ += ',';
      space();
      name(chosen);
      space();
      text_ += ':';
      value(inside(place, chosen), depth + 1);
    }
    space();
    text_ += '}';
  }

  void array(const Place& place, unsigned depth) {
    const unsigned count = depth < 6 ? below(4) : 0;
    text_ += '[';
    for (unsigned i = 0; i < count; ++i) {
      if (i > 0) text_ += ',';
      value(inside(place, std::to_string(i)), depth + 1);
    }
    if (count == 0) space();
    text_ += ']';
  }

  std::mt19937 random_;
  std::string text_;
  bool repeated_ = false;
};

TEST(JsonRepeatedMembers, AreRefusedInRandomDocumentsExactlyWhereTheyMatter) {
  JsonSelector selector(RandomDocument::pointers());
  int repeated = 0;
  for (unsigned seed = 0; seed < 5000; ++seed) {
    const RandomDocument document(seed);
    ASSERT_TRUE(is_json_by_reference(document.text(), max_json_depth)) << document.text();
    ASSERT_EQ(selector.read(document.text()), !document.repeated()) << "seed " << seed << ": " << document.text();
    if (!document.repeated()) continue;
    EXPECT_EQ(selector.fault().reason, reason::repeated_member) << "seed " << seed << ": " << document.text();
    ++repeated;
  }
  EXPECT_GT(repeated, 500);
  EXPECT_LT(repeated, 4500);
}

TEST(JsonRepeatedMembers, DamagedRandomDocumentsAreJudgedAsTheGrammarSays) {
  JsonSelector selector(RandomDocument::pointers());
  int refused = 0;
  for (unsigned seed = 0; seed < 5000; ++seed) {
    RandomDocument document(seed);
    std::string text = document.text();
    const std::size_t at = std::uniform_int_distribution<std::size_t>(0, text.size() - 1)(document.random());
    text[at] = "{}[]:,\"\\ 0-a\x01\xc3"[std::uniform_int_distribution<std::size_t>(0, 13)(document.random())];
    const bool valid = is_json_by_reference(text, max_json_depth);
    const bool read = selector.read(text);
    if (read || selector.fault().reason != reason::repeated_member) {
      ASSERT_EQ(read, valid) << "seed " << seed << ": " << text;
    }
    if (!read) {
      EXPECT_LE(selector.fault().offset, text.size());
      ++refused;
    }
  }
  EXPECT_GT(refused, 1000);
  EXPECT_LT(refused, 5000);
}

}  // namespace
}  // namespace firstseen::key
