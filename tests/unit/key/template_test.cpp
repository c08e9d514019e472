#include "key/template.h"

#include <gtest/gtest.h>

#include "key/deriver.h"

// What a template may not be, and where it says so. Which keys templates give: tests/data/key_strategy_vectors.json.

namespace firstseen::key {
namespace {

KeySpec with_template(std::string text) {
  KeySpec spec;
  spec.strategy = "template";
  spec.template_text = std::move(text);
  return spec;
}

struct Wrong {
  const char* name;
  const char* text;
  const char* message;  ///< a part of it
};

void PrintTo(const Wrong& wrong, std::ostream* out) { *out << wrong.name; }

class WrongTemplate : public testing::TestWithParam<Wrong> {};

TEST_P(WrongTemplate, IsRefusedWithThePlaceAndWhatToDo) {
  const auto made = Deriver::make(with_template(GetParam().text));
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().exit, Exit::config);
  EXPECT_NE(made.error().message.find(GetParam().message), std::string::npos) << made.error().message;
}

const std::vector<Wrong> wrong = {
    {"Empty", "", "key.template is empty"},
    {"NoPlaceholder", "orders", "has no placeholder, so all messages would have one key"},
    {"EscapedBraceOnly", "\\{topic\\}", "has no placeholder"},
    {"Unclosed", "a{header:x", "at character 2 of the template: '{' is not closed: put '}' behind the part"},
    {"UnclosedAtTheEnd", "{topic}{", "at character 8 of the template: '{' is not closed"},
    {"UnclosedDefault", "{header:x|y", "at character 1 of the template: '{' is not closed"},
    {"OpenedTwice", "{header:{x}", "at character 1 of the template: '{' is not closed"},
    {"ClosedTwice", "{topic}}", "at character 8 of the template: '}' closes nothing; write '\\}'"},
    {"ClosedUnopened", "topic}", "at character 6 of the template: '}' closes nothing"},
    {"Nameless", "{}", "at character 1 of the template: the placeholder names no part"},
    {"NamelessWithDefault", "{|x}", "at character 1 of the template: the placeholder names no part"},
    {"PlaceInCharactersNotBytes", "äöü{", "at character 4 of the template"},
    {"UnknownPart", "x {headr:tenant}", "at character 3 of the template: unknown key part 'headr:tenant'"},
    {"UnknownPartSuggestion", "{headr:tenant}", "did you mean 'header:tenant'?"},
    {"PointerAlone", "{/order/id}", "did you mean 'payload:/order/id'?"},
    {"Key", "{key}", "did you mean 'record_key'?"},
    {"Value", "{value:/id}", "did you mean 'payload:/id'?"},
    {"HeaderWithoutName", "{header}", "did you mean 'header:NAME'?"},
    {"TimestampWithoutFormat", "{timestamp}", "did you mean 'timestamp:1m'?"},
    {"Spaces", "{ topic }", "did you mean 'topic'?"},
    {"BadPointer", "{payload:id}", "at character 1 of the template: key part 'payload:id': 'id' is not a JSON pointer"},
    {"EmptyHeader", "{header:}", "lacks the header's name"},
    {"EmptyDefault", "ab{header:x|}", "at character 3 of the template: the default of {header:x|} is empty"},
    {"TwoDefaults", "{header:x|a|b}", "at character 12 of the template: a placeholder has one default; write '\\|'"},
    {"DefaultOfTopic", "{topic|x}", "the default of {topic|x} has no effect: every message has a topic"},
    {"DefaultOfPartition", "{partition|0}", "has no effect: every message has a partition"},
    {"UnknownEscape", "{topic}\\n", "at character 8 of the template: '\\' stands before"},
    {"EscapeAtTheEnd", "{topic}\\", "at character 8 of the template: '\\' stands before"},
    {"EscapeInAPlaceholder", "{header:\\x}", "at character 9 of the template: '\\' stands before"},
    {"UnknownTimeField", "{timestamp:%Y-%Q}", "at character 15 of the template: '%Q' is no time field: it must be one"},
    {"TimeFieldBehindAnEscape", "{timestamp:\\|%Y-%Q}", "at character 17 of the template: '%Q' is no time field"},
    {"TwoDigitYear", "{timestamp:%y}", "did you mean '%Y'?"},
    {"TwelveHours", "{timestamp:%I}", "did you mean '%H'?"},
    {"WeekOfAnotherCount", "{timestamp:%W}", "did you mean '%V'?"},
    {"MonthName", "{timestamp:%b}", "did you mean '%m'?"},
    {"FieldBeyondAscii", "{timestamp:%ü}", "'%ü' is no time field"},
    {"PercentAtTheEnd", "{timestamp:%Y%}", "at character 14 of the template: '%' at the end names no time field"},
    {"OnlyPercentSigns", "{timestamp:%%}", "the time format has no field"},
    {"FormatOfOtherLanguages", "{timestamp:yyyy-MM-dd}", "or a time format, as in timestamp:%Y-%m-%dT%H:%M"},
    {"BucketOfNothing", "{timestamp:0s}", "the bucket must be longer than 0"},
    {"NotUtf8", "{topic}\xff", "the template is not UTF-8 (byte 7)"},
};
INSTANTIATE_TEST_SUITE_P(All, WrongTemplate, testing::ValuesIn(wrong),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(Template, HeadersAreAskedForOnlyWhenAPlaceholderNeedsThem) {
  EXPECT_FALSE((*Deriver::make(with_template("header:{topic}")))->needs_headers());
  EXPECT_TRUE((*Deriver::make(with_template("{header:x|y}")))->needs_headers());
}

std::string fingerprint(const char* text) { return (*Deriver::make(with_template(text)))->fingerprint(); }

TEST(Template, TheFingerprintDiffersWithEveryTextDefaultAndFormat) {
  EXPECT_EQ(
      fingerprint("v1:{header:a|none}{timestamp:%F}"),
      R"(encoding=1 digest=sha256 parts=["namespace:","topic","text:v1:","{header:a|none}","timestamp:%Y-%m-%d"])");
  const std::string base = fingerprint("{header:a|none}{timestamp:%H}");
  for (const char* other :
       {"{header:a}{timestamp:%H}", "{header:a|other}{timestamp:%H}", "{header:a|none}{timestamp:%M}",
        "{header:a|none}-{timestamp:%H}", "{header:a\\|none}{timestamp:%H}"}) {
    EXPECT_NE(fingerprint(other), base) << other;
  }
  // A header whose name looks like a default, and the default itself.
  EXPECT_NE(fingerprint("{header:a\\|b|c}"), fingerprint("{header:a|b\\|c}"));
}

TEST(Template, ExplainShowsThePlaceholdersAndWhetherADefaultCounts) {
  MessageView message;
  message.topic = "orders";
  message.value = R"({"id":7})";
  message.timestamp_ms = 1'700'000'059'999;
  const auto made = Deriver::make(with_template("order {header:tenant|none} {payload:/id} {timestamp:%H:%M}"));
  const Explanation explanation = (*made)->explain(message);
  ASSERT_EQ(explanation.parts.size(), 8U);
  EXPECT_EQ(explanation.parts[2].found, "\"order \"");
  EXPECT_EQ(explanation.parts[2].canonical_hex, "0903066f7264657220");
  EXPECT_EQ(explanation.parts[3].part, "{header:tenant|none}");
  EXPECT_EQ(explanation.parts[3].found, "{header:tenant|none}: the message has no such header; the default counts");
  EXPECT_EQ(explanation.parts[3].canonical_hex, "0502046e6f6e65");
  EXPECT_EQ(explanation.parts[5].found, "7");
  EXPECT_EQ(explanation.parts[7].part, "timestamp:%H:%M");
  EXPECT_EQ(explanation.parts[7].found, "\"22:14\"");
  EXPECT_EQ(explanation.result.kind, Derived::Kind::key);
}

TEST(Template, RandomTextsAreReadOrRefusedAndNeverMore) {
  std::uint64_t state = 1;
  const std::vector<std::string> pieces{"{",          "}", "|",         "\\", "%", "topic", "header:a",
                                        "timestamp:", "Y", "payload:/", "1m", "ü", "x",     "record_key"};
  int accepted = 0;
  for (int round = 0; round < 200'000; ++round) {
    std::string text;
    for (int i = 0; i < 6; ++i) {
      state = state * 6364136223846793005U + 1442695040888963407U;
      text += pieces[(state >> 33U) % pieces.size()];
    }
    const auto parsed = parse_template(text, OnMissing::reject);
    if (!parsed) {
      EXPECT_EQ(parsed.error().exit, Exit::config);
      EXPECT_FALSE(parsed.error().message.empty());
      continue;
    }
    ++accepted;
    EXPECT_FALSE(parsed->empty()) << text;
  }
  EXPECT_GT(accepted, 100);
}

}  // namespace
}  // namespace firstseen::key
