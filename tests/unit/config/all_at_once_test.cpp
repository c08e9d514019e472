#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>

#include "support.h"

// One mistake hides no other: every wrong item of a list, every wrong option of a section and every contradiction is
// told in one go, and nothing is told that only follows from what could not be read.

namespace firstseen::config {
namespace {

std::string with_topics(const std::string& topics) {
  return "input: {topics: [" + topics + "], group: g}\noutput: {topic: u}\nkey: {fields: [topic]}\n";
}

std::string with_rules(const std::string& rules) {
  return "input: {topics: [a], group: g}\noutput: {topic: b}\nkey: {rules: [" + rules + "]}\n";
}

/// How many problems a text has.
std::ptrdiff_t count(const std::string& problems) {
  return problems.empty() ? 0 : 1 + std::count(problems.begin(), problems.end(), '\n');
}

TEST(AllAtOnce, EveryWrongBrokerIsNamed) {
  const std::string problems = problems_of(minimal + "kafka: {brokers: [\"a:99999\", \"\", \"a b:1\", {}, \"h:0\"]}\n");
  EXPECT_TRUE(has(problems, "f.yaml:4:19: kafka.brokers[0]: has no port from 1 to 65535"));
  EXPECT_TRUE(has(problems, "kafka.brokers[1]: must not be empty"));
  EXPECT_TRUE(has(problems, "kafka.brokers[2]: has no host name"));
  EXPECT_TRUE(has(problems, "kafka.brokers[3]: a single value is needed"));
  EXPECT_TRUE(has(problems, "kafka.brokers[4]: has no port from 1 to 65535"));
  EXPECT_EQ(count(problems), 5) << problems;
}

TEST(AllAtOnce, EveryWrongTopicIsNamed) {
  const std::string problems =
      problems_of(with_topics("\"a b\", \"\", \"..\", a, a, \"^(\", \"${FIRSTSEEN_NOT_SET}\""));
  EXPECT_TRUE(has(problems, "f.yaml:1:18: input.topics[0]: is not a topic name"));
  EXPECT_TRUE(has(problems, "input.topics[1]: must not be empty"));
  EXPECT_TRUE(has(problems, "input.topics[2]: is not a topic name"));
  EXPECT_TRUE(has(problems, "input.topics[4]: stands in the list twice"));
  EXPECT_TRUE(has(problems, "input.topics[5]: is no regular expression"));
  EXPECT_TRUE(has(problems, "input.topics[6]: the environment variable FIRSTSEEN_NOT_SET is not set"));
  EXPECT_EQ(count(problems), 6) << problems;
}

TEST(AllAtOnce, AMistakeHidesNoWrongValueBesideIt) {
  const std::string problems =
      problems_of(minimal +
                  "kafka: {prefetch_bytes: x, brokers: [\"h:0\"]}\nstore: {max_sise: 1GiB, path: \"~/x\"}\n"
                  "run: {slots: 2, instance: \"a b\"}\nhttp: {tsl: x, listen: h, probe_listen: g}\n");
  for (const char* part : {"kafka.prefetch_bytes: ", "kafka.brokers[0]: has no port", "store.max_sise: unknown option",
                           "store.path: begins with ~", "run.slots: ", "run.instance: may have", "http.tsl: unknown",
                           "http.listen: is not HOST:PORT", "http.probe_listen: is not HOST:PORT"}) {
    EXPECT_TRUE(has(problems, part));
  }
  EXPECT_EQ(count(problems), 9) << problems;
}

TEST(AllAtOnce, AMistakeInOneRuleHidesNoneInAnother) {
  const std::string problems =
      problems_of(with_rules("{name: a b, when: {part: topic, equals: x}, fields: [topic]}, "
                             "{name: b, when: {part: topic, equals: y}, tll: 1h}, "
                             "{name: c, when: {part: topic, equals: z}, strategy: template}"));
  EXPECT_TRUE(has(problems, "key.rules[0].name: is no name of a rule"));
  EXPECT_TRUE(has(problems, "key.rules[1].tll: unknown option"));
  EXPECT_TRUE(has(problems, "key.rules[1].fields: strategy fields needs at least one part"));
  EXPECT_TRUE(has(problems, "key.rules[2].template: strategy template needs a text"));
  EXPECT_EQ(count(problems), 4) << problems;
}

TEST(AllAtOnce, AMistakeHidesNoContradictionBetweenOtherOptionsOfItsSection) {
  const std::string problems = problems_of(
      "input: {topics: [orders], group: g}\noutput: {topic: orders, compression: lz5}\n"
      "key: {fields: [record_key], template: \"{record_key}\", digest: sha255}\n"
      "rejects: {route: drop, topic: orders, tpic: x}\n");
  for (const char* part :
       {"f.yaml:2:38: output.compression: ", "f.yaml:2:17: output.topic: leads back into an input topic",
        "key.digest: ", "key.template: has no effect with strategy fields", "rejects.tpic: unknown option",
        "rejects.topic: has no effect with rejects.route: drop", "rejects.topic: is an input topic",
        "rejects.topic: is the output topic"}) {
    EXPECT_TRUE(has(problems, part));
  }
  EXPECT_EQ(count(problems), 8) << problems;
}

TEST(AllAtOnce, AMistakeInAListHidesNoContradictionOfItsOtherItems) {
  const std::string topics = problems_of(
      "input: {topics: [\"${FIRSTSEEN_NOT_SET}\", a], group: g}\noutput: {topic: a}\n"
      "key: {fields: [topic]}\nrejects: {route: topic, topic: a}\n");
  EXPECT_TRUE(has(topics, "output.topic: leads back into an input topic"));
  EXPECT_TRUE(has(topics, "rejects.topic: is an input topic"));
  EXPECT_TRUE(has(topics, "rejects.topic: is the output topic"));
  EXPECT_EQ(count(topics), 4) << topics;
  const std::string rules =
      problems_of(with_rules("{name: a, when: {part: topic, equals: {}}, fields: [topic]}, {name: b, fields: [topic]}, "
                             "{name: c, fields: [topic]}"));
  EXPECT_TRUE(has(rules, "key.rules[0].when.equals: a single value is needed"));
  EXPECT_TRUE(has(rules, "key.rules[2]: is never reached: key.rules[1] has no condition"));
  EXPECT_EQ(count(rules), 2) << rules;
}

TEST(AllAtOnce, NothingFollowsFromAMisspeltName) {
  for (const char* lines :
       {"rejects: {route: topic, tpic: x}\n", "http: {listn: \"h:1\", probe_listen: \"127.0.0.1:9464\"}\n",
        "http: {tls: {certificate: /c, kye: /k}}\n"}) {
    const std::string problems = problems_of(minimal + lines);
    EXPECT_TRUE(has(problems, "unknown option; did you mean"));
    EXPECT_EQ(count(problems), 1) << problems;
  }
  for (const char* key :
       {"{feilds: [topic]}", "{rulse: [{name: a, fields: [topic]}]}", "{rules: [{name: a, feilds: [topic]}]}",
        "{rules: [{name: a, wehn: {part: topic, equals: x}, fields: [topic]}, "
        "{name: b, fields: [topic]}]}"}) {
    const std::string problems =
        problems_of("input: {topics: [a], group: g}\noutput: {topic: b}\nkey: " + std::string(key) + "\n");
    EXPECT_TRUE(has(problems, "unknown option; did you mean"));
    EXPECT_EQ(count(problems), 1) << problems;
  }
}

TEST(AllAtOnce, NothingFollowsFromWhatCouldNotBeRead) {
  const std::string condition = problems_of(
      with_rules("{name: a, when: {part: \"${FIRSTSEEN_NOT_SET}\"}, fields: [topic]}, {name: b, fields: [topic]}"));
  EXPECT_EQ(count(condition), 1) << condition;
  const std::string listen = problems_of(minimal + "http: {listen: [], probe_listen: \"127.0.0.1:9464\"}\n");
  EXPECT_EQ(count(listen), 1) << listen;
  const std::string topics = problems_of(with_topics("{}, []"));
  EXPECT_EQ(count(topics), 2) << topics;
  const std::string section = problems_of(minimal + "output: x\nkafka: [h]\n");
  EXPECT_EQ(count(section), 3) << section;
}

}  // namespace
}  // namespace firstseen::config
