#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>

#include "base/hex.h"
#include "configuration.h"
#include "explain.h"
#include "key/deriver.h"
#include "support/temporary_directory.h"

// What ${file:PATH} puts into the key section must come out nowhere: not in the problems that validate and run print,
// not in what explain prints, not in the fingerprint that the store keeps and shows, not in a rejection's detail.

namespace firstseen {
namespace {

/// A configuration whose key section holds @ where ${file:PATH} shall stand.
class KeySecrecy : public testing::Test {
 protected:
  [[nodiscard]] std::string reference() const { return "${file:" + (folder_.path() / "secret").string() + "}"; }

  Result<Configuration> configured(std::string key_section, const std::string& secret) const {
    std::ofstream(folder_.path() / "secret", std::ios::binary) << secret;
    while (key_section.find('@') != std::string::npos) key_section.replace(key_section.find('@'), 1, reference());
    const auto file = folder_.path() / "firstseen.yaml";
    std::ofstream(file) << "input: {topics: [orders], group: g}\noutput: {topic: unique}\nstore: {path: /tmp/x}\n"
                        << "key: " << key_section << "\n";
    return load_configuration(file);
  }

  static std::string explained(const key::KeySpec& spec, const std::string& message, bool json) {
    std::istringstream in(message);
    std::ostringstream out;
    const auto done = daemon::explain(spec, in, {"orders", json}, out);
    EXPECT_TRUE(done) << done.error().message;
    return out.str();
  }

 private:
  test::TemporaryDirectory folder_;
};

void expect_hidden(const std::string& text, const std::string& secret) {
  EXPECT_EQ(text.find(secret), std::string::npos) << text;
  const std::string hex = to_hex({reinterpret_cast<const std::uint8_t*>(secret.data()), secret.size()});
  EXPECT_EQ(text.find(hex), std::string::npos) << text;
}

std::string fingerprint(const Configuration& configuration) {
  return (*key::Deriver::make(configuration.key))->fingerprint();
}

struct Wrong {
  const char* key_section;
  const char* secret;  ///< the file's contents
  const char* hidden;  ///< what of it a message could quote
};

TEST_F(KeySecrecy, AProblemOfAnExpandedPartNamesItsReferenceAndNotItsValue) {
  for (const Wrong& wrong : {
           Wrong{R"({fields: ["@"]})", "hunter2", "hunter2"},
           Wrong{R"({fields: ["a@"]})", "hunter2", "hunter2"},
           Wrong{R"({fields: [{part: "@"}]})", "hunter2", "hunter2"},
           Wrong{R"({fields: ["payload:@"]})", "hunter2", "hunter2"},
           Wrong{R"({fields: ["payload:/@"]})", "a~hunter2", "hunter2"},
           Wrong{R"({fields: ["payload:/a/@"]})", "hunter2/b~3", "hunter2"},
           Wrong{R"({fields: ["timestamp:@"]})", "hunter2", "hunter2"},
           Wrong{R"({fields: ["timestamp:@"]})", "0000000s", "0000000s"},
           Wrong{R"({fields: ["@"]})", "header:", "'header:'"},
           Wrong{R"({strategy: default, context: {user: "@"}})", "hunter2", "hunter2"},
           Wrong{R"({strategy: default, context: {session: "@"}})", "payload:hunter2", "hunter2"},
           Wrong{R"({strategy: hash, exclude: ["@"]})", "hunter2", "hunter2"},
           Wrong{R"({strategy: hash, exclude: ["payload:@"]})", "hunter2", "hunter2"},
           Wrong{R"({strategy: hash, exclude: ["@"]})", "header:hunter2", "hunter2"},
           Wrong{R"({strategy: template, template: "@"})", "hunter2", "hunter2"},
           Wrong{R"({strategy: template, template: "@"})", "{hunter2}", "hunter2"},
           Wrong{R"({strategy: template, template: "a@"})", "{topic|hunter2}", "hunter2"},
           Wrong{R"({strategy: template, template: "@"})", "\xff{topic}", "\xff"},
           Wrong{R"({strategy: "@", fields: [record_key]})", "hunter2", "hunter2"},
           Wrong{R"({scope: "@", fields: [record_key]})", "hunter2", "hunter2"},
           Wrong{R"({digest: "@", fields: [record_key]})", "hunter2", "hunter2"},
           Wrong{R"({fields: [{part: record_key, on_missing: "@"}]})", "hunter2", "hunter2"},
       }) {
    SCOPED_TRACE(std::string(wrong.key_section) + " with " + wrong.secret);
    const auto made = configured(wrong.key_section, wrong.secret);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().exit, Exit::config);
    expect_hidden(made.error().message, wrong.hidden);
    EXPECT_NE(made.error().message.find(reference()), std::string::npos) << made.error().message;
  }
}

TEST_F(KeySecrecy, WhatARuleShowsAsItIsTakesNoReference) {
  for (const auto& [key_section, option] : {
           std::pair{R"({rules: [{name: "@", fields: [topic]}]})", "key.rules[0].name"},
           std::pair{R"({rules: [{name: a, when: {part: "@", equals: x}, fields: [topic]}]})",
                     "key.rules[0].when.part"},
           std::pair{R"({rules: [{name: a, when: {part: "header:@", matches: "("}, fields: [topic]}]})",
                     "key.rules[0].when.part"},
       }) {
    SCOPED_TRACE(key_section);
    const auto made = configured(key_section, "hunter2");
    ASSERT_FALSE(made);
    expect_hidden(made.error().message, "hunter2");
    EXPECT_NE(made.error().message.find(std::string(option) + ": takes no ${...}"), std::string::npos)
        << made.error().message;
    EXPECT_EQ(std::ranges::count(made.error().message, '\n'), 0) << made.error().message;
  }
  EXPECT_TRUE(configured(R"({rules: [{name: a, when: {part: "header:$${x}", equals: "@"}, fields: [topic]}]})", "x"));
}

TEST_F(KeySecrecy, AProblemOfAPartThatStandsInTheFileQuotesIt) {
  const auto made = configured(R"({fields: ["recordkey"]})", "hunter2");
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().message.find("'recordkey'"), std::string::npos) << made.error().message;
}

TEST_F(KeySecrecy, ExplainShowsTheReferencesAndNotTheValues) {
  const std::string secret = "hunter2hunter2";
  const auto made = configured(R"({namespace: "@", fields: ["header:@", "payload:/@"], on_missing: as_null})", secret);
  ASSERT_TRUE(made) << made.error().message;
  for (const bool json : {false, true}) {
    const std::string text = explained(made->key, R"({"value":{"id":7}})", json);
    expect_hidden(text, secret);
    EXPECT_NE(text.find("header:" + reference()), std::string::npos) << text;
    EXPECT_NE(text.find("namespace:" + reference()), std::string::npos) << text;
    EXPECT_NE(text.find("<redacted>"), std::string::npos) << text;
  }
}

struct Hiding {
  const char* key_section;
  const char* secret;  ///< the file's contents
  const char* hidden;  ///< what of it must not be shown
};

TEST_F(KeySecrecy, EveryStrategyHidesWhatWasExpanded) {
  for (const Hiding& hiding : {
           Hiding{R"({strategy: default, namespace: "@"})", "hunter2", "hunter2"},
           Hiding{R"({strategy: default, context: {user: "header:@"}, on_missing: as_null})", "hunter2", "hunter2"},
           Hiding{R"({strategy: default, context: {session: "@"}, on_missing: as_null})", "header:hunter2", "hunter2"},
           Hiding{R"({strategy: hash, context: {user: "header:@"}, on_missing: as_null})", "hunter2", "hunter2"},
           Hiding{R"({strategy: hash, context: {session: "header:@"}, on_missing: as_null})", "hunter2", "hunter2"},
           Hiding{R"({strategy: hash, fields: ["payload:/@"]})", "hunter2", "hunter2"},
           Hiding{R"({strategy: hash, exclude: ["payload:/a", "payload:/@"]})", "hunter2", "hunter2"},
           Hiding{R"({strategy: hash, exclude: ["@"]})", "payload:/hunter2", "hunter2"},
           Hiding{R"({strategy: template, template: "@{payload:/id}"})", "hunter2", "hunter2"},
           Hiding{R"({strategy: template, template: "@"})", "{header:hunter2|none}", "hunter2"},
           Hiding{R"({strategy: template, template: "{header:a|@}"})", "hunter2", "hunter2"},
           Hiding{R"({strategy: template, template: "{payload:/a|@}"})", "hunter2", "hunter2"},
           Hiding{R"({strategy: template, template: "{timestamp:%Y@}"})", "hunter2", "hunter2"},
           Hiding{R"({strategy: template, template: "@"})", "{payload:/hunter2}", "hunter2"},
       }) {
    SCOPED_TRACE(std::string(hiding.key_section) + " with " + hiding.secret);
    const auto made = configured(hiding.key_section, hiding.secret);
    ASSERT_TRUE(made) << made.error().message;
    for (const bool json : {false, true}) {
      const std::string text = explained(made->key, R"({"timestamp":1700000000000,"value":{"id":7}})", json);
      expect_hidden(text, hiding.hidden);
      EXPECT_NE(text.find(reference()), std::string::npos) << text;
    }
    const auto deriver = *key::Deriver::make(made->key);
    expect_hidden(deriver->fingerprint(), hiding.hidden);
    EXPECT_EQ(deriver->fingerprint().find(reference()), std::string::npos) << "a file that moved is no other key";
    expect_hidden(deriver->description(), hiding.hidden);
    EXPECT_NE(deriver->description().find(reference()), std::string::npos) << deriver->description();
    std::string other(hiding.secret);
    other.replace(other.find("hunter2"), 7, "hunter3");
    EXPECT_NE(deriver->fingerprint(), fingerprint(*configured(hiding.key_section, other)));
  }
}

TEST_F(KeySecrecy, APropertyThatLibrdkafkaRefusesIsNamedByItsReference) {
  const auto made = configured("{fields: [record_key]}\nkafka: {properties: {security.protocol: '@'}}", "hunter2");
  ASSERT_FALSE(made);
  expect_hidden(made.error().message, "hunter2");
  EXPECT_NE(made.error().message.find(reference()), std::string::npos) << made.error().message;
}

TEST_F(KeySecrecy, ADollarThatIsWrittenTwiceHidesNothing) {
  const auto made = configured(R"({fields: ["header:$${id}"]})", "hunter2");
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_NE(fingerprint(*made).find("header:${id}"), std::string::npos) << fingerprint(*made);
}

TEST_F(KeySecrecy, ARejectionNamesTheReferenceOfThePartThatIsMissing) {
  const auto made = configured(R"({fields: ["header:@"]})", "hunter2hunter2");
  ASSERT_TRUE(made) << made.error().message;
  key::Derived derived;
  MessageView message;
  message.topic = "orders";
  (*key::Deriver::make(made->key))->derive(message, derived);
  ASSERT_EQ(derived.kind, key::Derived::Kind::reject);
  expect_hidden(derived.rejection.detail, "hunter2hunter2");
  EXPECT_NE(derived.rejection.detail.find("header:" + reference()), std::string::npos) << derived.rejection.detail;
}

TEST_F(KeySecrecy, TheFingerprintHidesExpandedValuesAndStillTellsThemApart) {
  const char* const both = R"({namespace: "@", fields: ["header:@"]})";
  const std::string one = fingerprint(*configured(both, "hunter2hunter2"));
  expect_hidden(one, "hunter2hunter2");
  EXPECT_EQ(one, fingerprint(*configured(both, "hunter2hunter2")));
  EXPECT_NE(one, fingerprint(*configured(both, "hunter3hunter3")));
  EXPECT_NE(fingerprint(*configured(R"({namespace: "@", fields: [record_key]})", "hunter2")),
            fingerprint(*configured(R"({namespace: "@", fields: [record_key]})", "hunter3")));
  EXPECT_NE(fingerprint(*configured(R"({fields: ["header:@"]})", "hunter2")),
            fingerprint(*configured(R"({fields: ["payload:/@"]})", "hunter2")));
}

TEST_F(KeySecrecy, TheKeysAreThoseOfTheSameTextInTheFile) {
  const std::string message = R"({"headers":[["id","x"]],"value":{"id":7}})";
  const auto expanded =
      configured(R"({namespace: "@", fields: ["header:@", "payload:/@"], on_missing: as_null})", "id");
  const auto plain = configured(R"({namespace: id, fields: ["header:id", "payload:/id"], on_missing: as_null})", "id");
  ASSERT_TRUE(expanded && plain);
  const auto stored = [&](const Configuration& configuration) {
    const std::string text = explained(configuration.key, message, false);
    return text.substr(text.find("sha256 "));
  };
  EXPECT_EQ(stored(*expanded), stored(*plain));
}

}  // namespace
}  // namespace firstseen
