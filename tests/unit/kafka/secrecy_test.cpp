#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "kafka/callbacks.h"
#include "kafka/hidden_texts.h"
#include "kafka/settings.h"

// librdkafka quotes values of properties in its log lines and errors, which are logged and shown in the status.

namespace firstseen::kafka::test {
namespace {

ClientOptions with_password(const std::string& password) {
  ClientOptions options;
  options.properties["sasl.password"] = password;
  return options;
}

std::string shown(const ClientOptions& options, const std::string& text) {
  return HiddenTexts(options).removed_from(text);
}

/// What a client's callbacks log.
class Log {
 public:
  LogSink sink() {
    return [this](LogLevel, const std::string& line) { lines_.push_back(line); };
  }
  [[nodiscard]] bool has(const std::string& part) const {
    return std::ranges::any_of(lines_, [&](const std::string& line) { return line.find(part) != std::string::npos; });
  }

 private:
  std::vector<std::string> lines_;
};

TEST(Secrecy, AValueOfASecretPropertyIsHiddenWhereverItStands) {
  const ClientOptions options = with_password("hunter2");
  EXPECT_EQ(shown(options, "a hunter2 and hunter2hunter2!"), "a <redacted> and <redacted>!");
  EXPECT_EQ(shown(options, "-phunter2x"), "-p<redacted>x");
  EXPECT_EQ(shown(options, "nothing of it"), "nothing of it");
  EXPECT_EQ(shown(options, ""), "");
}

TEST(Secrecy, SecretsThatOverlapLeaveNothingOfEachOther) {
  ClientOptions options = with_password("hunter2");
  options.properties["ssl.key.password"] = "2hunt";
  EXPECT_EQ(shown(options, "(hunter2hunt)"), "(<redacted>)");
}

TEST(Secrecy, WhatAReferencePutsIntoAnyPropertyIsHidden) {
  ClientOptions options;
  options.properties["sasl.kerberos.kinit.cmd"] = "false hunter2";
  options.put_in["sasl.kerberos.kinit.cmd"] = {"hunter2"};
  EXPECT_EQ(shown(options, "Kerberos ticket refresh failed: false hunter2: exited with code 1"),
            "Kerberos ticket refresh failed: false <redacted>: exited with code 1");
}

TEST(Secrecy, PathsChoicesNumbersAndNamesOfTheClusterStayReadable) {
  ClientOptions options;
  options.brokers = {"broker:9092"};
  options.group = "orders";
  options.put_in = {{"ssl.ca.location", {"/etc/ca.pem"}},
                    {"security.protocol", {"SASL_SSL"}},
                    {"linger.ms", {"5000"}},
                    {"enable.ssl.certificate.verification", {"true"}},
                    {"client.id", {"orders"}},
                    {"client.rack", {"broker:9092"}},
                    {"sasl.username", {"broker"}}};
  const std::string text = "SASL_SSL at broker:9092 of orders: true after 5000 ms with /etc/ca.pem";
  EXPECT_EQ(shown(options, text), text);
}

TEST(Secrecy, AShortSecretIsHiddenOnlyAsAWordOfItsOwn) {
  EXPECT_EQ(shown(with_password("a"), "a login at a broker failed, key=a."),
            "<redacted> login at <redacted> broker failed, key=<redacted>.");
  EXPECT_EQ(shown(with_password("er"), "the broker refuses er"), "the broker refuses <redacted>");
  EXPECT_EQ(shown(with_password(""), "the broker refuses"), "the broker refuses");
}

TEST(Secrecy, APieceOfASecretIsHiddenWhereLibrdkafkaQuotesIt) {
  ClientOptions options;
  options.properties["sasl.oauthbearer.config"] = "principal=admin lifeSeconds=soon key=hunter2";
  EXPECT_EQ(shown(options, "Unrecognized sasl.oauthbearer.config beginning at: key=hunter2"),
            "Unrecognized sasl.oauthbearer.config beginning at: <redacted>");
  EXPECT_EQ(shown(options, "Invalid sasl.oauthbearer.config: non-integral 'lifeSeconds': soon"),
            "Invalid sasl.oauthbearer.config: non-integral 'lifeSeconds': <redacted>");
  EXPECT_EQ(shown(with_password("hunter2hunter2"), "what is too long is cut in hunter2hun"),
            "what is too long is cut in <redacted>");
}

TEST(Secrecy, NeitherTheLogNorTheLastErrorShowsASecret) {
  Log log;
  Callbacks callbacks("test", log.sink());
  callbacks.hide(HiddenTexts(with_password("hunter2")));
  callbacks.on_log(3, "LIBSASL", "cannot log in with hunter2");
  callbacks.on_log(7, "SASL", "trying hunter2");
  callbacks.on_error(nullptr, RD_KAFKA_RESP_ERR__AUTHENTICATION, "refused: hunter2 is wrong");
  EXPECT_TRUE(log.has("cannot log in with <redacted>"));
  EXPECT_TRUE(log.has("trying <redacted>"));
  EXPECT_TRUE(log.has("refused: <redacted> is wrong"));
  EXPECT_FALSE(log.has("hunter2"));
  EXPECT_NE(callbacks.last_error().find("refused: <redacted> is wrong"), std::string::npos) << callbacks.last_error();
}

TEST(Secrecy, ARealClientsComplaintOfATokensConfigurationShowsNothingOfIt) {
  Log log;
  Callbacks callbacks("test", log.sink());
  ClientOptions options;
  options.brokers = {"127.0.0.1:1"};
  options.properties = {{"security.protocol", "SASL_PLAINTEXT"},
                        {"sasl.mechanism", "OAUTHBEARER"},
                        {"enable.sasl.oauthbearer.unsecure.jwt", "true"},
                        {"sasl.oauthbearer.config", "principal=admin key=hunter2"}};
  const auto client = make_admin_handle(options, callbacks);
  ASSERT_TRUE(client) << client.error().message;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!log.has("sasl.oauthbearer.config beginning at: ") && std::chrono::steady_clock::now() < deadline) {
    rd_kafka_poll(client->get(), 100);
  }
  EXPECT_TRUE(log.has("sasl.oauthbearer.config beginning at: <redacted>"));
  EXPECT_FALSE(log.has("hunter2"));
}

TEST(Secrecy, WhyNoClientCanBeMadeShowsNoSecret) {
  Callbacks callbacks("test", {});
  ClientOptions options = with_password("hunter2");
  options.properties["security.protocol"] = "SASL_PLAINTEXT";
  options.properties["sasl.mechanism"] = "hunter2";
  const auto client = make_admin_handle(options, callbacks);
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().message.find("hunter2"), std::string::npos) << client.error().message;
}

}  // namespace
}  // namespace firstseen::kafka::test
