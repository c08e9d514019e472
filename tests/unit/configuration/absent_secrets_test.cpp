#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "configuration.h"
#include "support/temporary_directory.h"

// Secrets that systemd makes at a service's start are not there while it is stopped: what does not connect goes
// without.

namespace firstseen {
namespace {

const std::string credentials = "/run/credentials/firstseen@nobody.service/";

class AbsentSecrets : public testing::Test {
 protected:
  /// A configuration with SASL and these other lines.
  [[nodiscard]] Result<config::Settings> load(const std::string& password, Secrets secrets,
                                              const std::string& more = "") const {
    const auto file = folder_.path() / "f.yaml";
    std::ofstream(file) << "input: {topics: [orders], group: g}\noutput: {topic: unique}\nkey: {fields: [topic]}\n"
                        << "kafka: {properties: {security.protocol: SASL_PLAINTEXT, sasl.mechanism: PLAIN, "
                        << "sasl.username: u, sasl.password: \"${file:" << password << "}\"}}\n"
                        << more;
    return load_settings(file, secrets);
  }

 private:
  test::TemporaryDirectory folder_;
};

TEST_F(AbsentSecrets, AreLeftOutWhereNobodyConnects) {
  for (const std::string& file : {credentials + "password", std::string("/nonexistent/password")}) {
    const auto settings = load(file, Secrets::leave);
    EXPECT_TRUE(settings) << settings.error().message;
  }
}

TEST_F(AbsentSecrets, AreMissedByWhatConnects) {
  for (const Secrets secrets : {Secrets::connect, Secrets::check}) {
    const auto settings = load(credentials + "password", secrets);
    ASSERT_FALSE(settings);
    EXPECT_EQ(settings.error().exit, Exit::config);
    EXPECT_NE(settings.error().message.find("cannot read the file " + credentials), std::string::npos);
  }
}

TEST_F(AbsentSecrets, AreNoMistakeForValidateIfSystemdMakesThemAndAreTold) {
  const auto settings =
      load(credentials + "password", Secrets::validate, "http: {token_file: " + credentials + "token}\n");
  ASSERT_TRUE(settings) << settings.error().message;
  const auto unchecked = unchecked_secrets(*settings);
  ASSERT_EQ(unchecked.size(), 2U);
  EXPECT_TRUE(unchecked[0].starts_with("kafka.properties.sasl.password: cannot read the file " + credentials));
  EXPECT_TRUE(unchecked[1].starts_with("http.token_file: cannot read the file " + credentials + "token; "));
  EXPECT_FALSE(load("/nonexistent/password", Secrets::validate)) << "any other file is";
}

TEST_F(AbsentSecrets, MayBeFilesThatLibrdkafkaReads) {
  const test::TemporaryDirectory folder;
  const auto file = folder.path() / "f.yaml";
  std::ofstream(file) << "input: {topics: [orders], group: g}\noutput: {topic: unique}\nkey: {fields: [topic]}\n"
                      << "kafka: {properties: {security.protocol: SSL, ssl.keystore.location: " << credentials
                      << "keystore.p12}}\n";
  EXPECT_FALSE(load_settings(file, Secrets::check));
  EXPECT_TRUE(load_settings(file, Secrets::leave));
  const auto settings = load_settings(file, Secrets::validate);
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(unchecked_secrets(*settings).size(), 1U);
}

TEST_F(AbsentSecrets, HideNoOtherMistake) {
  const auto settings = load(credentials + "password", Secrets::leave, "window: {ttl: soon}\n");
  ASSERT_FALSE(settings);
  EXPECT_NE(settings.error().message.find("window.ttl: "), std::string::npos);
  EXPECT_EQ(settings.error().message.find("sasl"), std::string::npos);
}

}  // namespace
}  // namespace firstseen
