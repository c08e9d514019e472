#include "config/expand.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "support.h"
#include "support/temporary_directory.h"

namespace firstseen::config {
namespace {

constexpr const char* variable = "FIRSTSEEN_CONFIG_TEST";
const std::string secret = "hunter2-hunter2";

class Expand : public testing::Test {
 protected:
  void SetUp() override { set(secret); }
  void TearDown() override {
    unsetenv(variable);  // NOLINT(concurrency-mt-unsafe): the only thread
  }
  static void set(const std::string& value) {
    setenv(variable, value.c_str(), 1);  // NOLINT(concurrency-mt-unsafe): the only thread
  }
  [[nodiscard]] std::string file_with(const std::string& contents) const {
    std::ofstream(folder_.path() / "secret", std::ios::binary) << contents;
    return "${file:" + (folder_.path() / "secret").string() + "}";
  }
  test::TemporaryDirectory folder_;
};

TEST_F(Expand, AVariableStandsForItsValueAnywhereInTheText) {
  EXPECT_EQ(*expand("a${FIRSTSEEN_CONFIG_TEST}b"), "a" + secret + "b");
  EXPECT_EQ(*expand("${FIRSTSEEN_CONFIG_TEST}${FIRSTSEEN_CONFIG_TEST}"), secret + secret);
  set("");
  EXPECT_EQ(*expand("${FIRSTSEEN_CONFIG_TEST}"), "");
}

TEST_F(Expand, WhatIsPutInIsNotExpandedAgain) {
  set("${HOME}");
  EXPECT_EQ(*expand("${FIRSTSEEN_CONFIG_TEST}"), "${HOME}");
}

TEST_F(Expand, DollarsThatOpenNothingStayAndADoubledOneEscapes) {
  for (const char* text : {"", "$", "$$", "a$b", "$a", "}", "price: 5$"}) EXPECT_EQ(*expand(text), text);
  EXPECT_EQ(*expand("$${HOME}"), "${HOME}");
  EXPECT_EQ(*expand("$${"), "${");
}

TEST_F(Expand, WhatCannotBeExpandedIsNamed) {
  EXPECT_TRUE(has(expand("${FIRSTSEEN_TEST_NOT_SET}").error().message, "FIRSTSEEN_TEST_NOT_SET is not set"));
  EXPECT_TRUE(has(expand("${}").error().message, "names no variable"));
  EXPECT_TRUE(has(expand("${HOME").error().message, "is not closed"));
}

TEST_F(Expand, AFileStandsForItsContentsLessOneLineEnd) {
  EXPECT_EQ(*expand(file_with("s")), "s");
  EXPECT_EQ(*expand(file_with("s\n")), "s");
  EXPECT_EQ(*expand(file_with("s\r\n")), "s");
  EXPECT_EQ(*expand(file_with("s\n\n")), "s\n");
  EXPECT_EQ(*expand(file_with("a\nb\n")), "a\nb");
  EXPECT_EQ(*expand(file_with("")), "");
  EXPECT_EQ(expand(file_with(std::string(65536, 'x')))->size(), 65536U);
}

TEST_F(Expand, AFileThatCannotBeReadIsNamed) {
  EXPECT_TRUE(has(expand("${file:/nowhere/at/all}").error().message, "cannot read the file /nowhere/at/all: No such"));
  EXPECT_TRUE(has(expand("${file:" + folder_.path().string() + "}").error().message, "Is a directory"));
  EXPECT_TRUE(has(expand(file_with(std::string(65537, 'x'))).error().message, "is larger than 64 KiB"));
}

TEST_F(Expand, AValueWithAZeroByteIsRefusedAndNotCutOff) {
  const std::string utf16("h\0u\0n\0", 6);
  const std::string reference = file_with(utf16);
  const std::string problems = problems_of(minimal + "kafka: {properties: {sasl.password: \"" + reference + "\"}}\n");
  EXPECT_EQ(problems, "f.yaml:4:37: kafka.properties.sasl.password: '" + reference +
                          "' holds a zero byte; is the file UTF-16? Save it as UTF-8");
  EXPECT_TRUE(has(problems_of(minimal + "store: {path: \"/a\\0b\"}\n"), "f.yaml:4:15: store.path: holds a zero byte"));
  EXPECT_TRUE(has(problems_of(minimal + "kafka: {properties: {\"client.id\\0x\": a}}\n"),
                  "f.yaml:4:22: kafka.properties: a name here holds a zero byte"));
}

TEST_F(Expand, EveryKindOfValueIsExpandedAfterParsing) {
  set("[::1]:9092");  // would be a list if it were expanded before
  const auto settings = load_text(minimal +
                                      "kafka: {brokers: [\"${FIRSTSEEN_CONFIG_TEST}\"], properties: {client.id: "
                                      "\"${FIRSTSEEN_CONFIG_TEST}\"}}\nstore: {path: \"${FIRSTSEEN_CONFIG_TEST}\"}\n",
                                  "f.yaml", {});
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->kafka.brokers, std::vector<std::string>{"[::1]:9092"});
  EXPECT_EQ(settings->kafka.properties.at("client.id"), "[::1]:9092");
  EXPECT_EQ(settings->store.path, "[::1]:9092");
}

TEST_F(Expand, ANumberOrChoiceMayComeFromAVariable) {
  set("2h");
  const auto settings = load_text(minimal + "window: {ttl: \"${FIRSTSEEN_CONFIG_TEST}\"}\n", "f.yaml", {});
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->window.ttl, Millis{7'200'000});
}

TEST_F(Expand, AnExpandedValueNeverStandsInAMessage) {
  for (const char* place : {"window: {ttl: X}", "store: {max_size: X}", "delivery: {max_batch: X}", "log: {level: X}",
                            "window: {refresh_on_duplicate: X}", "duplicates: {topic: X}", "rejects: {route: X}"}) {
    std::string yaml = place;
    yaml.replace(yaml.find('X'), 1, "\"${FIRSTSEEN_CONFIG_TEST}\"");
    const std::string problems = problems_of(minimal + yaml + "\n");
    EXPECT_FALSE(problems.empty()) << place;
    EXPECT_FALSE(has(problems, secret)) << problems;
  }
  set("orders");
  const std::string loop = problems_of(
      "input: {topics: [orders], group: g}\noutput: {topic: \"${FIRSTSEEN_CONFIG_TEST}\"}\nkey: {fields: [topic]}\n");
  EXPECT_TRUE(has(loop, "output.topic: leads back"));
  EXPECT_FALSE(has(loop, "'orders'"));
}

TEST_F(Expand, SecretsNeverStandInADump) {
  for (const char* property :
       {"sasl.password", "ssl.key.password", "ssl.key.pem", "ssl.keystore.password", "sasl.oauthbearer.client.secret",
        "sasl.oauthbearer.config", "ssl.certificate.pem", "SASL.PASSWORD"}) {
    const auto settings =
        load_text(fmt::format("{}kafka: {{properties: {{{}: {}}}}}\n", minimal, property, secret), "f", {});
    ASSERT_TRUE(settings) << settings.error().message;
    EXPECT_EQ(settings->kafka.properties.at(property), secret);
    EXPECT_FALSE(has(dump(*settings), secret));
    EXPECT_TRUE(has(dump(*settings), fmt::format("\"{}\": \"<redacted>\"", property)));
  }
}

TEST_F(Expand, ADumpHoldsTheReferencesAndLoadsToTheSameSettings) {
  const std::string yaml =
      "kafka: {brokers: [a:1, \"${B}\"], properties: {client.id: \"x${B}\", sasl.password: \"${B}\",\n"
      "  ssl.key.password: \"${B}more\"}, prefetch_bytes: \"${SIZE}\"}\n"
      "input: {topics: [\"${B}\"], group: \"${B}\", start: \"${START}\"}\noutput: {topic: \"${B}.unique\"}\n"
      "key: {namespace: \"${B}\", fields: [\"header:${B}\", {part: \"header:$${x}${B}\", on_missing: "
      "\"${MISSING}\"}]}\n"
      "window: {ttl: \"${TTL}\", refresh_on_duplicate: \"${YES}\"}\nstore: {path: \"$${B}\"}\n";
  // NOLINTBEGIN(concurrency-mt-unsafe): the only thread
  const std::vector<std::pair<const char*, const char*>> variables{{"B", secret.c_str()}, {"SIZE", "77MiB"},
                                                                   {"START", "latest"},   {"TTL", "77h"},
                                                                   {"YES", "true"},       {"MISSING", "as_null"}};
  for (const auto& [name, value] : variables) setenv(name, value, 1);
  const auto settings = load_text(yaml, "f.yaml", {});
  ASSERT_TRUE(settings) << settings.error().message;
  const std::string text = dump(*settings);
  const auto again = load_text(text, "dump.yaml", {});
  for (const auto& [name, value] : variables) unsetenv(name);
  // NOLINTEND(concurrency-mt-unsafe)
  for (const std::string_view value : {std::string_view(secret), std::string_view("77"), std::string_view("latest")}) {
    EXPECT_FALSE(has(text, value));
  }
  for (const char* part : {R"(["a:1", "${B}"])", R"("client.id": "x${B}")", R"("sasl.password": "${B}")",
                           R"("ssl.key.password": "<redacted>")", R"(prefetch_bytes: "${SIZE}")",
                           R"(["header:${B}", {part: "header:$${x}${B}", on_missing: "${MISSING}"}])",
                           R"(ttl: "${TTL}")", R"(refresh_on_duplicate: "${YES}")", R"(path: "$${B}")"}) {
    EXPECT_TRUE(has(text, part));
  }
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(dump(*again), text);
  EXPECT_EQ(again->key.fields, settings->key.fields);
  EXPECT_EQ(again->window.ttl, settings->window.ttl);
  EXPECT_EQ(again->kafka.properties.at("sasl.password"), secret);
  EXPECT_EQ(again->store.path, "${B}");
}

TEST_F(Expand, AChoiceThatAnotherOptionsProblemNamesIsShownAsItStands) {
  set("drop");
  const std::string problems = problems_of(minimal + "duplicates: {route: \"${FIRSTSEEN_CONFIG_TEST}\", topic: d}\n");
  EXPECT_TRUE(has(problems, "has no effect with duplicates.route: ${FIRSTSEEN_CONFIG_TEST}"));
}

TEST_F(Expand, AReferenceIsWhatIsNotEscaped) {
  for (const char* text : {"${A}", "a${A}", "$${a}${A}", "${"}) EXPECT_TRUE(has_reference(text)) << text;
  for (const char* text : {"", "$", "$$", "$${A}", "$$${A}", "$a", "{A}"}) EXPECT_FALSE(has_reference(text)) << text;
}

}  // namespace
}  // namespace firstseen::config
