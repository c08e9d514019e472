#include "config/absent.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "support.h"
#include "support/temporary_directory.h"

namespace firstseen::config {
namespace {

const std::string credential = "/run/credentials/firstseen@nobody.service/password";

std::string property_of(const std::string& value) {
  return minimal + "kafka: {properties: {sasl.password: \"" + value + "\"}}\n";
}

TEST(Absent, ASecretThatIsNotThereIsLeftOutOnlyWhereNobodyNeedsIt) {
  const std::string yaml = property_of("${file:/nowhere/at/all}");
  EXPECT_FALSE(load_text(yaml, "f.yaml", {}));
  EXPECT_FALSE(load_text(yaml, "f.yaml", {}, Absent::credentials));
  const auto settings = load_text(yaml, "f.yaml", {}, Absent::any);
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->kafka.properties.at("sasl.password"), "");
  EXPECT_TRUE(has(settings->left_out.at("kafka.properties.sasl.password"), "cannot read the file /nowhere/at/all"));
  EXPECT_TRUE(has(dump(*settings), "\"${file:/nowhere/at/all}\""));
}

TEST(Absent, AnUnsetVariableIsOneToo) {
  EXPECT_FALSE(load_text(property_of("${FIRSTSEEN_TEST_NOT_SET}"), "f.yaml", {}, Absent::credentials));
  EXPECT_TRUE(load_text(property_of("${FIRSTSEEN_TEST_NOT_SET}"), "f.yaml", {}, Absent::any));
}

TEST(Absent, WhatSystemdMakesForAServiceIsToldFromAFileThatIsMissing) {
  const auto settings = load_text(property_of("${file:" + credential + "}"), "f.yaml", {}, Absent::credentials);
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_TRUE(settings->left_out.contains("kafka.properties.sasl.password"));
  EXPECT_TRUE(is_absent_credential(credential));
  EXPECT_FALSE(is_absent_credential("/nowhere/at/all"));
}

TEST(Absent, AServiceMustHaveItsOwnCredentials) {
  setenv("CREDENTIALS_DIRECTORY", "/run/credentials/firstseen@nobody.service", 1);  // NOLINT(concurrency-mt-unsafe)
  const bool absent = is_absent_credential(credential);
  unsetenv("CREDENTIALS_DIRECTORY");  // NOLINT(concurrency-mt-unsafe)
  EXPECT_FALSE(absent);
}

TEST(Absent, WhatTheStoreOrItsKeysDependOnIsNeverLeftOut) {
  for (const char* yaml : {"kafka: {brokers: [X]}", "store: {path: X}", "run: {instance: X}", "window: {ttl: X}"}) {
    std::string more = yaml;
    more.replace(more.find('X'), 1, "\"${file:" + credential + "}\"");
    EXPECT_FALSE(load_text(minimal + more + "\n", "f.yaml", {}, Absent::any)) << yaml;
  }
  const std::string key =
      "input: {topics: [orders], group: g}\noutput: {topic: unique}\nkey: {fields: [topic], namespace: \"${file:" +
      credential + "}\"}\n";
  EXPECT_FALSE(load_text(key, "f.yaml", {}, Absent::any));
}

TEST(Absent, WhatIsThereButWrongIsNeverLeftOut) {
  const test::TemporaryDirectory folder;
  const std::string large = (folder.path() / "large").native();
  std::ofstream(large) << std::string(65537, 'x');
  for (const std::string& value : {"${file:" + large + "}", std::string("${"), std::string("${}"),
                                   "${file:" + credential + "}${", "${file:" + large + "}${"}) {
    EXPECT_FALSE(load_text(property_of(value), "f.yaml", {}, Absent::any)) << value;
  }
}

TEST(Absent, WhatFollowsFromASecretThatIsLeftOutIsNoProblem) {
  const std::string http = "http: {tls: {certificate: /c.pem, key: \"${file:" + credential + "}\"}}\n";
  EXPECT_TRUE(load_text(minimal + http, "f.yaml", {}, Absent::any)) << "both or none of the two are needed";
}

}  // namespace
}  // namespace firstseen::config
