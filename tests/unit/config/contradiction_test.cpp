#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support.h"

// Options that are right by themselves and wrong together: each line of checks.cpp.

namespace firstseen::config {
namespace {

struct Contradiction {
  std::string_view name;
  std::string yaml;
  std::string_view message;
};

void PrintTo(const Contradiction& c, std::ostream* out) { *out << c.name; }

std::string topics(const std::string& input, const std::string& output) {
  return "input: {topics: [" + input + "], group: g}\noutput: {topic: \"" + output + "\"}\nkey: {fields: [topic]}\n";
}

std::string minimal_key(const std::string& key) {
  return "input: {topics: [a], group: g}\noutput: {topic: b}\nkey: " + key + "\n";
}

std::string rules_of(const std::string& rules) { return minimal_key("{rules: " + rules + "}"); }

std::string seventeen_ttls() {
  std::string rules;
  for (int i = 1; i <= 17; ++i) {
    const std::string number = std::to_string(i);
    rules += fmt::format("{{name: r{0}, when: {{part: topic, equals: t{0}}}, fields: [topic], ttl: {0}m}}, ", number);
  }
  return "[" + rules + "]";
}

class Contradictory : public testing::TestWithParam<Contradiction> {};

TEST_P(Contradictory, OptionsAreRefusedAtTheirPlace) {
  EXPECT_TRUE(has(problems_of(GetParam().yaml), GetParam().message));
}

const std::vector<Contradiction> all = {
    {"BadInputTopic", topics("\"a b\"", "x"), "f.yaml:1:18: input.topics[0]: is not a topic name"},
    {"BadOutputTopic", topics("a", "x/y"), "f.yaml:2:17: output.topic: is not a topic name"},
    {"LongTopic", topics("a", std::string(250, 'x')), "output.topic: is not a topic name"},
    {"DotAsTopic", topics("\".\"", "x"), "input.topics[0]: is not a topic name"},
    {"RepeatedTopic", topics("a, a", "x"), "f.yaml:1:21: input.topics[1]: stands in the list twice"},
    {"KafkasOwnTopic", topics("a, __consumer_offsets", "x"),
     "f.yaml:1:21: input.topics[1]: is one of Kafka's own topics"},
    {"HiddenTopicBesideAPattern", topics("__audit, \"^a\"", "x"),
     "f.yaml:1:18: input.topics[0]: begins with __ and stands beside a pattern"},
    {"BrokenPattern", topics("a, \"^b(\"", "x"), "f.yaml:1:21: input.topics[1]: is no regular expression: "},
    {"PatternMatchesOutput", topics("\"^orders\"", "orders.unique"),
     "f.yaml:2:17: output.topic: matches a pattern of input.topics"},
    {"PatternMatchesOutputOfAName", topics("orders, \"^a$\", \"^.*unique$\"", "{topic}.unique"),
     "output.topic: matches a pattern of input.topics"},
    {"PatternMatchesSideTopic", topics("\"^o\"", "unique") + "rejects: {route: topic, topic: orders.bad}\n",
     "f.yaml:4:32: rejects.topic: matches a pattern of input.topics"},
    {"OutputIsInput", topics("a, b", "b"), "f.yaml:2:17: output.topic: leads back into an input topic"},
    {"OutputByPlaceholderIsInput", topics("a, a.u", "{topic}.u"), "output.topic: leads back into an input topic"},
    {"MisspeltPlaceholder", topics("a", "{topics}.u"),
     "f.yaml:2:17: output.topic: is not a topic name: of what stands in braces, only {topic} is replaced, and once"},
    {"PlaceholderTwice", topics("a", "{topic}.{topic}"), "only {topic} is replaced, and once"},
    {"PlaceholderAlone", topics("\"^a\"", "{topic}"), "'{topic}' alone is the input topic itself"},
    {"DuplicatesWithoutTopic", minimal + "duplicates: {route: topic}\n",
     "f.yaml:4:21: duplicates.route: route topic needs duplicates.topic"},
    {"RejectsWithoutTopic", minimal + "rejects: {route: topic}\n", "rejects.route: route topic needs rejects.topic"},
    {"DuplicatesTopicUnused", minimal + "duplicates: {topic: d}\n",
     "f.yaml:4:21: duplicates.topic: has no effect with duplicates.route: drop"},
    {"RejectsTopicUnused", minimal + "rejects: {topic: d}\n", "rejects.topic: has no effect with rejects.route: stop"},
    {"BadSideTopic", minimal + "rejects: {route: topic, topic: \"a b\"}\n", "rejects.topic: is not a topic name"},
    {"BadDuplicatesTopic", minimal + "duplicates: {route: topic, topic: \"a b\"}\n",
     "duplicates.topic: is not a topic name"},
    {"SideTopicIsInput", minimal + "rejects: {route: topic, topic: orders}\n", "rejects.topic: is an input topic"},
    {"SideTopicIsOutput", minimal + "duplicates: {route: topic, topic: orders.unique}\n",
     "duplicates.topic: is the output topic"},
    {"ListenWithoutAPort", minimal + "http: {listen: localhost}\n", "f.yaml:4:16: http.listen: is not HOST:PORT"},
    {"ListenEverywhereUnsaid", minimal + "http: {listen: \":9464\"}\n",
     "http.listen: names no host: write 0.0.0.0:9464 to listen on every IPv4 address, [::]:9464 on every one"},
    {"ListenOnAPortThatIsNone", minimal + "http: {listen: \"h:65536\"}\n",
     "http.listen: has no port from 0 to 65535 behind the colon"},
    {"ListenOnANegativePort", minimal + "http: {listen: \"h:-1\"}\n", "http.listen: has no port from 0 to 65535"},
    {"ListenOnAUrl", minimal + "http: {listen: \"http://h:80\"}\n", "http.listen: is a URL; only HOST:PORT is wanted"},
    {"ListenOnABareIpv6Address", minimal + "http: {listen: \"::1:80\"}\n",
     "http.listen: has more than one colon: write an IPv6 address in brackets, [::1]:9464"},
    {"ListenOnAnOpenBracket", minimal + "http: {listen: \"[::1:80\"}\n", "http.listen: is not [ADDRESS]:PORT"},
    {"ListenOnAnEmptyBracket", minimal + "http: {listen: \"[]:80\"}\n",
     "http.listen: has no IPv6 address between [ and ]"},
    {"ListenOnAStrangeName", minimal + "http: {listen: \"a b:80\"}\n", "http.listen: has no host name before the port"},
    {"ProbesWithoutAPort", minimal + "http: {probe_listen: h}\n", "http.probe_listen: is not HOST:PORT"},
    {"ProbesAtTheSamePlace", minimal + "http: {listen: \"h:80\", probe_listen: \"h:80\"}\n",
     "http.probe_listen: is http.listen"},
    {"TokenForNobody", minimal + "http: {listen: \"\", token_file: /t}\n",
     "http.token_file: has no effect without http.listen"},
    {"CertificateWithoutAKey", minimal + "http: {tls: {certificate: /c}}\n",
     "f.yaml:4:27: http.tls.certificate: needs http.tls.key"},
    {"KeyWithoutACertificate", minimal + "http: {tls: {key: /k}}\n",
     "f.yaml:4:19: http.tls.key: needs http.tls.certif"},
    {"TlsForNobody", minimal + "http: {listen: \"\", tls: {certificate: /c, key: /k}}\n",
     "http.tls.certificate: has no effect without http.listen"},
    {"BrokerWithAStrangeProtocol", minimal + "kafka: {brokers: [\"h:1\", \"http://x:1\"]}\n",
     "f.yaml:4:26: kafka.brokers[1]: begins with a protocol that is not Kafka's"},
    {"BrokerWithALargePort", minimal + "kafka: {brokers: [\"h:99999\"]}\n",
     "f.yaml:4:19: kafka.brokers[0]: has no port from 1 to 65535"},
    {"BrokerWithAWordAsPort", minimal + "kafka: {brokers: [\"h:abc\"]}\n", "kafka.brokers[0]: has no port"},
    {"BrokerWithoutAPort", minimal + "kafka: {brokers: [\"h:\"]}\n", "kafka.brokers[0]: has no port"},
    {"BrokerWithoutAHost", minimal + "kafka: {brokers: [\":9092\"]}\n", "kafka.brokers[0]: has no host name"},
    {"BrokersInOneText", minimal + "kafka: {brokers: [\"a:1, b:x,c\"]}\n",
     "f.yaml:4:19: kafka.brokers[0]: broker 2 of 3 has no port from 1 to 65535"},
    {"NoBrokerBehindAComma", minimal + "kafka: {brokers: [\"a:1,\"]}\n", "kafka.brokers[0]: broker 2 of 2 is empty"},
    {"BrokerWithoutAnAddress", minimal + "kafka: {brokers: [\"[]:1\"]}\n", "kafka.brokers[0]: has no IPv6 address"},
    {"BrokerNotClosed", minimal + "kafka: {brokers: [\"[::1:1\"]}\n", "kafka.brokers[0]: lacks the ]"},
    {"InstanceOfTwoLines", minimal + "run: {instance: \"a b\\n\"}\n",
     "f.yaml:4:17: run.instance: may have letters, digits"},
    {"NoFields", "input: {topics: [a], group: g}\noutput: {topic: b}\n", "key.fields: strategy fields needs at least"},
    {"FieldsWithDefault",
     "input: {topics: [a], group: g}\noutput: {topic: b}\nkey: {strategy: default, fields: [topic]}\n",
     "f.yaml:3:34: key.fields: has no effect with strategy default"},
    {"ContextWithFields",
     "input: {topics: [a], group: g}\noutput: {topic: b}\nkey: {fields: [topic], context: {user: topic}}\n",
     "f.yaml:3:40: key.context.user: has no effect with strategy fields"},
    {"SessionWithFields",
     "input: {topics: [a], group: g}\noutput: {topic: b}\nkey: {fields: [topic], context: {session: topic}}\n",
     "key.context.session: has no effect with strategy fields"},
    {"UserInclusionWithFields", minimal_key("{fields: [topic], include_user: false}"),
     "f.yaml:3:38: key.include_user: has no effect with strategy fields; use strategy hash"},
    {"SessionInclusionWithDefault", minimal_key("{strategy: default, include_session: false}"),
     "key.include_session: has no effect with strategy default"},
    {"ExclusionWithDefault", minimal_key("{strategy: default, exclude: [\"payload:/a\"]}"),
     "f.yaml:3:35: key.exclude: has no effect with strategy default"},
    {"ExclusionWithFieldsOfHash", minimal_key("{strategy: hash, fields: [topic], exclude: [\"payload:/a\"]}"),
     "key.exclude: has no effect beside key.fields"},
    {"TemplateWithHash", minimal_key("{strategy: hash, template: \"{topic}\"}"),
     "f.yaml:3:33: key.template: has no effect with strategy hash; use strategy template"},
    {"FieldsWithTemplate", minimal_key("{strategy: template, template: \"{topic}\", fields: [topic]}"),
     "key.fields: has no effect with strategy template"},
    {"ContextWithTemplate", minimal_key("{strategy: template, template: \"{topic}\", context: {user: topic}}"),
     "key.context.user: has no effect with strategy template; name the part in the key itself"},
    {"NoTemplate", minimal_key("{strategy: template}"), "f.yaml:3:6: key.template: strategy template needs a text"},
    {"FieldsBesideRules", minimal_key("{fields: [topic], rules: [{name: a, fields: [topic]}]}"),
     "f.yaml:3:15: key.fields: has no effect beside key.rules"},
    {"StrategyBesideRules", minimal_key("{strategy: default, rules: [{name: a, fields: [topic]}]}"),
     "key.strategy: has no effect beside key.rules"},
    {"ContextThatNoRuleUses", minimal_key("{context: {user: topic}, rules: [{name: a, fields: [topic]}]}"),
     "key.context.user: has no effect: no rule has strategy default or hash"},
    {"RuleWithABadName", rules_of("[{name: a b, fields: [topic]}]"), "key.rules[0].name: is no name of a rule"},
    {"RulesOfOneName",
     rules_of("[{name: a, when: {part: topic, equals: x}, fields: [topic]}, {name: a, fields: [topic]}]"),
     "key.rules[1].name: is the name of key.rules[0], too"},
    {"RuleThatIsNeverReached", rules_of("[{name: a, fields: [topic]}, {name: b, fields: [topic]}]"),
     "f.yaml:3:43: key.rules[1]: is never reached: key.rules[0] has no condition"},
    {"ConditionWithoutAPart", rules_of("[{name: a, when: {equals: x}, fields: [topic]}]"),
     "key.rules[0].when: needs a part to look at"},
    {"ConditionWithoutATest", rules_of("[{name: a, when: {part: topic}, fields: [topic]}]"),
     "key.rules[0].when: needs one of equals, prefix and matches"},
    {"ConditionOfTwoTests", rules_of("[{name: a, when: {part: topic, equals: x, prefix: x}, fields: [topic]}]"),
     "key.rules[0].when: needs one of equals, prefix and matches"},
    {"RuleWithoutFields", rules_of("[{name: a}]"), "key.rules[0].fields: strategy fields needs at least"},
    {"RuleWithFieldsForATemplate", rules_of("[{name: a, strategy: template, template: \"{topic}\", fields: [topic]}]"),
     "key.rules[0].fields: has no effect with strategy template"},
    {"TooManyTtls", rules_of(seventeen_ttls()), "key.rules: has more than 16 different ttls"},
    {"NoStore", minimal + "store: {path: \"\"}\n", "store.path: must not be empty"},
    {"StoreUnderATilde", minimal + "store: {path: \"~/x\"}\n", "store.path: begins with ~"},
    {"LongInstance", minimal + "run: {instance: " + std::string(101, 'i') + "}\n", "run.instance: is longer than 100"},
};
INSTANTIATE_TEST_SUITE_P(Checks, Contradictory, testing::ValuesIn(all),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(Together, TheirSoundNeighboursAreAccepted) {
  EXPECT_EQ(problems_of(topics("\"^a.*\"", "{topic}.unique")), "");
  EXPECT_EQ(problems_of(topics("a, b", "{topic}.unique")), "");
  EXPECT_EQ(problems_of(topics("__audit, a", "{topic}.unique")), "");
  EXPECT_EQ(problems_of(topics("a, \"^b.*\", \"^c[0-9]+$\"", "unique")), "");
  EXPECT_EQ(problems_of(topics("\"^orders$\"", "orders.unique")), "");
  EXPECT_EQ(problems_of(topics("a", std::string(249, 'x'))), "");
  EXPECT_EQ(problems_of(minimal + "kafka: {brokers: [h, \"h:1\", \"10.0.0.1:9092\", \"SASL_SSL://a_b.c-d:65535\", "
                                  "\"[::1]:9092\", \"[fe80::1]\"]}\nrun: {instance: a-1_B.c}\n"),
            "");
  EXPECT_EQ(problems_of(minimal + "rejects: {route: topic, topic: r}\nduplicates: {route: topic, topic: d}\n"), "");
  EXPECT_EQ(problems_of(minimal_key("{strategy: default}")), "");
  EXPECT_EQ(problems_of(minimal_key("{strategy: hash, exclude: [], include_user: false, context: {user: topic}}")), "");
  EXPECT_EQ(problems_of(minimal_key("{strategy: hash, fields: [topic], context: {session: topic}}")), "");
  EXPECT_EQ(problems_of(minimal_key("{strategy: template, template: \"{topic}\"}")), "");
  EXPECT_EQ(
      problems_of(rules_of("[{name: a, when: {part: topic, equals: x}, strategy: hash, exclude: [\"payload:/a\"], "
                           "ttl: 10y}, {name: b, strategy: template, template: \"{topic}\"}]")),
      "");
  EXPECT_EQ(problems_of(minimal_key("{context: {user: topic}, rules: [{name: a, strategy: default}]}")), "");
}

}  // namespace
}  // namespace firstseen::config
