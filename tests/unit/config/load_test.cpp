#include "config/load.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "support.h"
#include "support/temporary_directory.h"

namespace firstseen::config {
namespace {

namespace fs = std::filesystem;

struct Bad {
  std::string_view name;
  std::string yaml;
  std::string_view message;  ///< a part of the only problem's line
};

void PrintTo(const Bad& bad, std::ostream* out) { *out << bad.name; }

class BadFile : public testing::TestWithParam<Bad> {};

TEST_P(BadFile, IsRefusedWithItsPlace) {
  const std::string problems = problems_of(GetParam().yaml);
  EXPECT_TRUE(has(problems, GetParam().message));
  EXPECT_EQ(std::count(problems.begin(), problems.end(), '\n'), 0) << problems;
}

const std::vector<Bad> not_a_configuration = {
    {"Empty", "", "f.yaml: is empty"},
    {"OnlyComments", "# nothing\n", "f.yaml: is empty"},
    {"OnlyANull", "~\n", "f.yaml: is empty"},
    {"AList", "- a\n", "f.yaml:1:1: a configuration is a mapping"},
    {"AText", "hello\n",
     "a configuration is a mapping of sections (kafka, input, output, ...); this is a single value"},
    {"NotYaml", minimal + "log: [info\n", "this is not YAML: "},
    {"AnUnclosedQuote", minimal + "log: {level: \"info}\n", "this is not YAML: "},
    {"ATab", minimal + "log:\n\tlevel: info\n", "f.yaml:5:"},
    {"Binary",
     std::string("\x7f"
                 "ELF\0\0",
                 6),
     "f.yaml: holds zero bytes"},
    {"Latin1", minimal + "store: {path: /t\xe9}\n", "f.yaml:4:17: this byte is not UTF-8"},
    {"AnOverlongForm", "a: \xc0\xaf\n", "f.yaml:1:4: this byte is not UTF-8"},
    {"ASurrogate", "a: \xed\xa0\x80\n", "f.yaml:1:4: this byte is not UTF-8"},
    {"ACutCharacter", "a: \xe2\x82", "f.yaml:1:4: this byte is not UTF-8"},
    {"TwoDocuments", minimal + "---\nlog: {level: info}\n", "f.yaml:4:1: a second YAML document"},
    {"ALooseComma", ", a\n", "f.yaml:1:1: a second YAML document begins here, or a stray ','"},
    {"ACommaBehindTheDocument", "{log: {level: info}},\n",
     "f.yaml:1:21: a second YAML document begins here, or a stray"},
    {"ALooseBracket", minimal + "}\n", "this is not YAML: "},
    {"DeepNesting", minimal + "log: " + std::string(100'000, '['), "this is not YAML: "},
    {"DeepMappings", minimal + "log: " + std::string(20'000, '{'), "this is not YAML: "},
    {"AnUnknownAlias", minimal + "log: *nobody\n", "f.yaml:4:"},
};
INSTANTIATE_TEST_SUITE_P(Syntax, BadFile, testing::ValuesIn(not_a_configuration),
                         [](const auto& test) { return std::string(test.param.name); });

const std::vector<Bad> bad_names = {
    {"Misspelt", minimal + "window: {tll: 1h}\n",
     "f.yaml:4:10: window.tll: unknown option; did you mean 'window.ttl'?"},
    {"MisspeltSection", minimal + "windov: {ttl: 1h}\n", "f.yaml:4:1: windov: unknown option; did you mean 'window'?"},
    {"SectionInCapitals", minimal + "WINDOW: {}\n", "f.yaml:4:1: WINDOW: unknown option; did you mean 'window'?"},
    {"OptionInCapitals", minimal + "store: {MAX_SIZE: 1GiB}\n",
     "f.yaml:4:9: store.MAX_SIZE: unknown option; did you mean 'store.max_size'?"},
    {"MisspeltMemberOfARule",
     "input: {topics: [a], group: g}\noutput: {topic: b}\nkey: {rules: [{name: a, tll: 1h, fields: [topic]}]}\n",
     "f.yaml:3:25: key.rules[0].tll: unknown option; did you mean 'key.rules[].ttl'?"},
    {"RuleWithoutAName",
     "input: {topics: [a], group: g}\noutput: {topic: b}\nkey: {rules: [{ttl: 1h, fields: [topic]}]}\n",
     "key.rules[0].name: is required"},
    {"RuleWithABadTtl",
     "input: {topics: [a], group: g}\noutput: {topic: b}\nkey: {rules: [{name: a, ttl: 5x, fields: [topic]}]}\n",
     "f.yaml:3:30: key.rules[0].ttl: "},
    {"RuleThatIsNoMapping", "input: {topics: [a], group: g}\noutput: {topic: b}\nkey: {rules: [a]}\n",
     "f.yaml:3:15: key.rules[0]: a rule is a mapping"},
    {"NothingLike", minimal + "zzzzzzzzzz: 1\n", "f.yaml:4:1: zzzzzzzzzz: unknown option"},
    {"OfALaterVersion", minimal + "log: {payloads: true}\n",
     "f.yaml:4:7: log.payloads: unknown option; payloads are never logged"},
    {"Dotted", minimal + "window.ttl: 1h\n", "f.yaml:4:1: window.ttl: unknown option; a dot does not lead"},
    {"DottedWithinASection", minimal + "window: {\"ttl.x\": 1h}\n", "f.yaml:4:10: window.ttl.x: unknown option"},
    {"EmptyName", minimal + "window: {\"\": 1h}\n", "f.yaml:4:10: window.: unknown option"},
    {"NullName", minimal + "window: {~: 1h}\n", "f.yaml:4:10: window: a name is needed here, not nothing"},
    {"ListAsName", minimal + "? [a]\n: 1\n", "a name is needed here, not a list"},
    {"MergeKey", minimal + "store: &s {path: /a}\nwindow: {<<: *s}\n", "f.yaml:5:10: window.<<: unknown option"},
    {"SelfReference", minimal + "window: &w {window: *w}\n", "window.window: unknown option"},
    {"RepeatedSection", minimal + "key: {}\n",
     "f.yaml:4:1: key: stands here again, first at f.yaml:3:1; only one can be meant"},
    {"RepeatedOption", minimal + "window: {ttl: 1h, ttl: 2h}\n",
     "f.yaml:4:19: window.ttl: stands here again, first at f.yaml:4:10; "},
    {"RepeatedProperty", minimal + "kafka:\n  properties:\n    linger.ms: 1\n    linger.ms: 2\n",
     "f.yaml:7:5: kafka.properties.linger.ms: stands here again, first at f.yaml:6:5; "},
    {"RepeatedPartMember",
     "input: {topics: [a], group: g}\noutput: {topic: b}\nkey: {fields: [{part: topic, part: "
     "partition}]}\n",
     "f.yaml:3:30: key.fields[0].part: stands here again, first at f.yaml:3:17; "},
    {"UnknownPartMember", "input: {topics: [a], group: g}\noutput: {topic: b}\nkey: {fields: [{part: topic, x: y}]}\n",
     "key.fields[0]: unknown member 'x'"},
    {"PartWithoutPart", "input: {topics: [a], group: g}\noutput: {topic: b}\nkey: {fields: [{on_missing: pass}]}\n",
     "f.yaml:3:16: key.fields[0]: has no member 'part'"},
};
INSTANTIATE_TEST_SUITE_P(Names, BadFile, testing::ValuesIn(bad_names),
                         [](const auto& test) { return std::string(test.param.name); });

/// A value that is not there is reported where its name stands, not where the parser noticed.
const std::vector<Bad> empty_values = {
    {"AtTheEndOfASection", minimal + "store:\n  path:\nlog: {level: info}\n",
     "f.yaml:5:3: store.path: a single value is needed, not nothing"},
    {"AtTheEndOfTheFile", minimal + "window:\n  ttl:", "f.yaml:5:3: window.ttl: a single value is needed"},
    {"BeforeAComment", minimal + "window:\n  ttl:  # later\n\n  clock: stream_time\n", "f.yaml:5:3: window.ttl: "},
    {"WithinBraces", minimal + "window: {ttl: , clock: stream_time}\n", "f.yaml:4:10: window.ttl: "},
    {"InAProperty", minimal + "kafka:\n  properties:\n    client.id:\nlog: {level: info}\n",
     "f.yaml:6:5: kafka.properties.client.id: a single value is needed"},
    {"InAList", "output: {topic: out}\nkey: {fields: [topic]}\ninput:\n  group: g\n  topics:\n    -\n    - b\n",
     "f.yaml:6:5: input.topics[0]: a single value is needed"},
    {"InAPart",
     "input: {topics: [a], group: g}\noutput: {topic: b}\nkey:\n  fields:\n    - part: topic\n      on_missing:\n\n",
     "f.yaml:6:7: key.fields[0].on_missing: "},
    {"AsAPart", "input: {topics: [a], group: g}\noutput: {topic: b}\nkey:\n  fields:\n    -\n\n",
     "f.yaml:5:5: key.fields[0]: a text or {part: TEXT, on_missing: ...} is needed"},
    {"ForAList", "output: {topic: b}\nkey: {fields: [topic]}\ninput:\n  group: g\n  topics:\n",
     "f.yaml:5:3: input.topics: a list is needed, not nothing"},
};
INSTANTIATE_TEST_SUITE_P(EmptyValues, BadFile, testing::ValuesIn(empty_values),
                         [](const auto& test) { return std::string(test.param.name); });

const std::vector<Bad> bad_values = {
    {"NoUnit", minimal + "window: {ttl: 24}\n", "f.yaml:4:15: window.ttl: "},
    {"UnknownUnit", minimal + "window: {ttl: 24w}\n", "window.ttl: "},
    {"SizeWithoutUnit", minimal + "store: {max_size: 64}\n", "f.yaml:4:19: store.max_size: "},
    {"DurationAsSize", minimal + "store: {max_size: 64m}\n", "store.max_size: "},
    {"TooShort", minimal + "window: {ttl: 0s}\n", "window.ttl: '0s' is out of bounds: 1ms to 100y"},
    {"TooLong", minimal + "delivery: {commit_interval: 31s}\n", "is out of bounds: 1ms to 30s"},
    {"TooSmall", minimal + "store: {max_size: 1MiB}\n", "is out of bounds: 16MiB to 16TiB"},
    {"TooMany", minimal + "delivery: {max_batch: 1000001}\n", "'1000001' is out of bounds: 1 to 1000000"},
    {"BeyondThisVersion", minimal + "run: {slots: 2}\n", "'2' is out of bounds: 1 to 1"},
    {"NegativeNumber", minimal + "delivery: {max_batch: -1}\n", "'-1' is not a whole number"},
    {"Fraction", minimal + "delivery: {max_batch: 1.5}\n", "'1.5' is not a whole number"},
    {"BeyondSixtyFourBits", minimal + "delivery: {max_batch: 99999999999999999999}\n", "is not a whole number"},
    {"NotABoolean", minimal + "window: {refresh_on_duplicate: yes}\n", "'yes' is neither true nor false"},
    {"NotAChoice", minimal + "log: {level: warn}\n", "'warn' is not one of debug, info, warning, error"},
    {"MisspeltChoice", minimal + "log: {level: infos}\n", "did you mean 'info'?"},
    {"ListForAText", minimal + "store: {path: [/a]}\n",
     "f.yaml:4:15: store.path: a single value is needed, not a list"},
    {"NothingForAText", minimal + "store: {path: }\n", "store.path: a single value is needed, not nothing"},
    {"TextForASection", minimal + "store: /a\n", "f.yaml:4:8: store: is a section: a mapping of options is needed"},
    {"TextForAList", minimal + "kafka: {brokers: \"a:1\"}\n", "kafka.brokers: a list is needed, not a single value"},
    {"EmptyList", minimal + "kafka: {brokers: []}\n", "kafka.brokers: the list must not be empty"},
    {"EmptyItem", minimal + "kafka: {brokers: [\"\"]}\n", "f.yaml:4:19: kafka.brokers[0]: must not be empty"},
    {"TextForAMapping", minimal + "kafka: {properties: x}\n", "kafka.properties: a mapping is needed"},
    {"ListForAProperty", minimal + "kafka: {properties: {a: [1]}}\n", "kafka.properties.a: a single value is needed"},
    {"NumberTag", minimal + "window: {ttl: !!str 1h}\n", "f.yaml:4:15: window.ttl: YAML tags"},
    {"ListTag", minimal + "kafka: {brokers: !!set [a]}\n", "kafka.brokers: YAML tags"},
    {"SectionTag", minimal + "window: !x {ttl: 1h}\n", "window: YAML tags (!x) are not supported"},
    {"PropertiesTag", minimal + "kafka: {properties: !!omap {a: b}}\n", "kafka.properties: YAML tags"},
    {"EmptyGroup", "input: {topics: [a], group: \"\"}\noutput: {topic: b}\nkey: {fields: [topic]}\n",
     "f.yaml:1:29: input.group: must not be empty"},
    {"NoGroup", "input: {topics: [a]}\noutput: {topic: b}\nkey: {fields: [topic]}\n",
     "f.yaml:1:8: input.group: is required"},
    {"BadPartOnMissing",
     "input: {topics: [a], group: g}\noutput: {topic: b}\nkey: {fields: [{part: topic, on_missing: drop}]}\n",
     "key.fields[0].on_missing: 'drop' is not one of reject, as_null, pass"},
};
/// The file's writer looks for what is wrong where the alias stands.
const std::vector<Bad> bad_aliases = {
    {"AsAnOption",
     "input: {topics: [a], group: &g day}\noutput: {topic: b}\nkey: {fields: [topic]}\nwindow: {ttl: *g}\n",
     "f.yaml:4:10: window.ttl: 'day' is not a duration"},
    {"AsAProperty",
     "input: {topics: &t [a], group: g}\noutput: {topic: b}\nkey: {fields: [topic]}\nkafka: {properties: {a: *t}}\n",
     "f.yaml:4:22: kafka.properties.a: a single value is needed, not a list"},
    {"InAList",
     "input: {topics: &t [a], group: g}\noutput: {topic: b}\nkey: {fields: [topic]}\nkafka: {brokers: [*t]}\n",
     "f.yaml:4:18: kafka.brokers[0]: a single value is needed, not a list"},
    {"AsASection", "input: {topics: [a], group: &g g}\noutput: {topic: b}\nkey: {fields: [topic]}\nwindow: *g\n",
     "f.yaml:4:1: window: is a section: a mapping of options is needed, not a single value"},
};
INSTANTIATE_TEST_SUITE_P(Aliases, BadFile, testing::ValuesIn(bad_aliases),
                         [](const auto& test) { return std::string(test.param.name); });

INSTANTIATE_TEST_SUITE_P(Values, BadFile, testing::ValuesIn(bad_values),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(Load, ListsEverySemanticProblemInTheOrderOfTheFile) {
  const std::string all = problems_of(
      "window: {ttl: 1}\n"
      "log: {level: loud}\n"
      "input: {topics: [a]}\n"
      "wat: 1\n"
      "kafka: {properties: {a: \"${FIRSTSEEN_TEST_NOT_SET}\"}}\n");
  std::size_t at = 0;
  for (const std::string_view part :
       {"f.yaml: output.topic: is required", "f.yaml: key.fields: strategy fields needs", "f.yaml:1:15: window.ttl",
        "f.yaml:2:14: log.level", "f.yaml:3:8: input.group: is required", "f.yaml:4:1: wat: unknown option",
        "f.yaml:5:25: kafka.properties.a: "}) {
    const std::size_t found = all.find(part, at);
    ASSERT_NE(found, std::string::npos) << "no '" << part << "' from " << at << " in:\n" << all;
    at = found;
  }
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 6) << all;
}

TEST(Load, AnchorsAndAliasesWork) {
  const auto settings = load_text(minimal + "window: {ttl: &t 2h, max_skew: *t}\n", "f.yaml", {});
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->window.max_skew, Millis{7'200'000});
}

TEST(Load, AByteOrderMarkAndCarriageReturnsAreHarmless) {
  EXPECT_EQ(problems_of("\xef\xbb\xbf" + minimal), "");
  EXPECT_EQ(problems_of("input: {topics: [a], group: g}\r\noutput: {topic: b}\r\nkey: {fields: [topic]}\r\n"), "");
}

TEST(Load, EmptySectionsKeepTheirDefaults) { EXPECT_EQ(problems_of(minimal + "window:\nkafka: {properties: }\n"), ""); }

TEST(Load, WhatStandsAgainHidesNoMistakeWithinIt) {
  const std::string problems = problems_of(minimal + "window: {ttl: 1h}\nwindow: {ttl: 5, clok: x}\nwindow: 7\n");
  EXPECT_TRUE(has(problems, "f.yaml:5:1: window: stands here again, first at f.yaml:4:1; only one can be meant"));
  EXPECT_TRUE(has(problems, "f.yaml:5:15: window.ttl: '5' is not a duration"));
  EXPECT_TRUE(has(problems, "f.yaml:5:18: window.clok: unknown option; did you mean 'window.clock'?"));
  EXPECT_TRUE(has(problems, "f.yaml:6:1: window: stands here again, first at f.yaml:4:1"));
  EXPECT_TRUE(has(problems, "f.yaml:6:9: window: is a section"));
  EXPECT_EQ(std::count(problems.begin(), problems.end(), '\n'), 4) << problems;
}

TEST(Load, NoNameInTheFileReachesTheTerminalAsItIs) {
  EXPECT_EQ(problems_of(minimal + "\"\\e[31mred\\r\\nf\\x7f\": 1\n"),
            "f.yaml:4:1: \\x1b[31mred\\x0d\\x0af\\x7f: unknown option");
}

TEST(Load, AnEmptyOptionThatStandsAgainIsReportedWhereItStandsAgain) {
  const std::string problems = problems_of(minimal + "window:\n  ttl: 1h\nwindow:\n  ttl:\n");
  EXPECT_TRUE(has(problems, "f.yaml:7:3: window.ttl: a single value is needed, not nothing"));
}

TEST(Load, ARequiredOptionThatStandsInTheSecondOfTwoSectionsIsNotMissing) {
  EXPECT_EQ(problems_of("input: {topics: [a]}\ninput: {group: g}\noutput: {topic: b}\nkey: {fields: [topic]}\n"),
            "f.yaml:2:1: input: stands here again, first at f.yaml:1:1; only one can be meant");
}

TEST(Load, ChecksOfOtherPartsSpeakWithTheFilesPlacesBesideItsOwnProblems) {
  const Check check = [](const Settings&, Problems& problems) { problems.add("key.fields[0]", "not today"); };
  const auto refused = load_text(minimal, "f.yaml", {check});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "f.yaml:3:16: key.fields[0]: not today");
  const auto unsound = load_text(minimal + "wat: 1\n", "f.yaml", {check});
  ASSERT_FALSE(unsound);
  EXPECT_TRUE(has(unsound.error().message, "not today"));
  EXPECT_TRUE(has(unsound.error().message, "unknown option"));
}

TEST(Load, AnOptionThatIsReportedIsNotReportedAgainForItsDefault) {
  const Check check = [](const Settings&, Problems& problems) { problems.add("window.ttl", "too short for me"); };
  const auto refused =
      load_text(minimal + "window: {ttl: 1}\nduplicates: {route: tpoic, topic: x}\n", "f.yaml", {check});
  ASSERT_FALSE(refused);
  EXPECT_FALSE(has(refused.error().message, "too short for me")) << refused.error().message;
  EXPECT_FALSE(has(refused.error().message, "has no effect")) << refused.error().message;
}

class LoadFile : public testing::Test {
 protected:
  [[nodiscard]] std::string problems_in(const fs::path& file) const {
    const auto settings = load(folder_.path() / file, {});
    return settings ? "" : settings.error().message;
  }
  test::TemporaryDirectory folder_;
};

TEST_F(LoadFile, AMissingFileAndADirectoryAreNamed) {
  EXPECT_EQ(problems_in("none.yaml"), (folder_.path() / "none.yaml").string() + ": there is no such file");
  EXPECT_TRUE(has(problems_in(""), "is a directory"));
}

TEST_F(LoadFile, AFileThatIsThereIsNotCalledMissing) {
  fs::create_symlink("circle.yaml", folder_.path() / "circle.yaml");
  EXPECT_TRUE(has(problems_in("circle.yaml"), "circle.yaml: cannot be read: Too many levels of symbolic links"));
  EXPECT_TRUE(has(problems_in(std::string(300, 'x')), ": cannot be read: File name too long"));
}

TEST_F(LoadFile, AFileBehindAClosedDirectoryIsNotCalledMissing) {
  if (geteuid() == 0) GTEST_SKIP() << "root may read everything";
  fs::create_directory(folder_.path() / "closed");
  std::ofstream(folder_.path() / "closed" / "f.yaml") << minimal;
  fs::permissions(folder_.path() / "closed", fs::perms::none);
  const std::string problems = problems_in("closed/f.yaml");
  fs::permissions(folder_.path() / "closed", fs::perms::owner_all);
  EXPECT_TRUE(has(problems, "f.yaml: cannot be read: Permission denied"));
}

TEST_F(LoadFile, AFileWhoseReadingFailsIsRefused) {
  const std::string problems = problems_in("/proc/self/mem");  // nothing is at its beginning
  EXPECT_TRUE(has(problems, "/proc/self/mem: cannot be read: "));
}

TEST_F(LoadFile, AHugeFileIsRefused) {
  std::ofstream(folder_.path() / "big") << std::string((1U << 20U) + 1, '#');
  EXPECT_TRUE(has(problems_in("big"), "is larger than 1 MiB"));
}

TEST_F(LoadFile, ASoundFileIsRead) {
  std::ofstream(folder_.path() / "f.yaml") << minimal;
  EXPECT_EQ(problems_in("f.yaml"), "");
}

}  // namespace
}  // namespace firstseen::config
