#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "configuration.h"
#include "support/temporary_directory.h"

// What only the key library knows is wrong stands at the option that says it.

namespace firstseen {
namespace {

/// The problems of a configuration with this key section, whose fourth line it is.
std::string problems_of(const std::string& key) {
  const test::TemporaryDirectory folder;
  const auto file = folder.path() / "f.yaml";
  std::ofstream(file) << "input: {topics: [orders], group: g}\noutput: {topic: unique}\n\nkey: " << key << "\n";
  const auto loaded = load_configuration(file);
  return loaded ? "" : loaded.error().message.substr(folder.path().string().size() + 1);
}

struct Wrong {
  const char* name;
  const char* key;
  const char* problem;  ///< how the message begins
};

void PrintTo(const Wrong& wrong, std::ostream* out) { *out << wrong.name; }

class KeyProblem : public testing::TestWithParam<Wrong> {};

TEST_P(KeyProblem, StandsAtItsOption) {
  EXPECT_EQ(problems_of(GetParam().key).substr(0, std::string(GetParam().problem).size()), GetParam().problem);
}

const std::vector<Wrong> wrong = {
    {"Field", "{fields: [topic, recordkey]}", "f.yaml:4:23: key.fields[1]: unknown key part 'recordkey'"},
    {"FieldOfARule", "{rules: [{name: a, fields: [topic, recordkey]}]}",
     "f.yaml:4:41: key.rules[0].fields[1]: unknown key part 'recordkey'"},
    {"PartOfACondition", "{rules: [{name: a, when: {part: payload, equals: x}, fields: [topic]}]}",
     "f.yaml:4:38: key.rules[0].when.part: a rule's condition cannot be on 'payload'"},
    {"ExpressionOfACondition", "{rules: [{name: a, when: {part: topic, matches: \"(x\"}, fields: [topic]}]}",
     "f.yaml:4:54: key.rules[0].when.matches: is no regular expression: missing )"},
    {"TemplateOfARule", "{rules: [{name: a, strategy: template, template: \"{topic\"}]}",
     "f.yaml:4:55: key.rules[0].template: "},
    {"User", R"({strategy: hash, context: {user: "headers:u"}})",
     "f.yaml:4:39: key.context.user: unknown key part 'headers:u'"},
    {"Session", "{strategy: default, context: {session: session}}",
     "f.yaml:4:45: key.context.session: unknown key part 'session'"},
    {"Exclusion", R"({strategy: hash, exclude: ["payload:/a", sent_at]})",
     "f.yaml:4:47: key.exclude[1]: unknown key part 'sent_at'"},
    {"ExclusionOfAHeader", R"({strategy: hash, exclude: ["header:a"]})",
     "f.yaml:4:33: key.exclude[0]: key.exclude cannot leave out 'header:a'"},
    {"Template", R"({strategy: template, template: "{topic}{headr:x}"})",
     "f.yaml:4:37: key.template: at character 8 of the template: unknown key part 'headr:x'"},
    {"TemplateUnclosed", R"({strategy: template, template: "{topic"})",
     "f.yaml:4:37: key.template: at character 1 of the template: '{' is not closed"},
    {"TemplateEmpty", "{strategy: template}", "f.yaml:4:6: key.template: strategy template needs a text with parts"},
};
INSTANTIATE_TEST_SUITE_P(All, KeyProblem, testing::ValuesIn(wrong),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(KeyStrategies, AllCanBeConfigured) {
  EXPECT_EQ(problems_of(R"({strategy: default, context: {user: "header:u", session: "header:s"}})"), "");
  EXPECT_EQ(problems_of(R"({strategy: hash, digest: xxh3_128, include_user: false, exclude: ["payload:/a"]})"), "");
  EXPECT_EQ(problems_of(R"({strategy: template, template: '{header:a|b}\{{timestamp:%Y-%m-%dT%H:%M}'})"), "");
}

}  // namespace
}  // namespace firstseen
