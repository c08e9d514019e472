#include "explain.h"

#include <gtest/gtest.h>

#include <sstream>

namespace firstseen::daemon {
namespace {

key::KeySpec spec() {
  key::KeySpec made;
  made.fields = {{"payload:/id", {}}};
  return made;
}

std::string explained(const std::string& message, bool json) {
  std::istringstream in(message);
  std::ostringstream out;
  const auto done = explain(spec(), in, {"orders", json}, out);
  EXPECT_TRUE(done) << done.error().message;
  return out.str();
}

TEST(Explain, ShowsPartsEncodingAndDigest) {
  // The example of lib/key/README.md; the digest is sha256sum's of these bytes.
  EXPECT_EQ(explained(R"({"value":{"id": 7.0}})", false),
            "part      namespace:\n  found   \"\"\n  bytes   010300\n"
            "part      topic\n  found   \"orders\"\n  bytes   0203066f7264657273\n"
            "part      payload:/id\n  found   7.0\n  bytes   071303376530\n"
            "encoding  01030103000203066f7264657273071303376530\n"
            "sha256    468e0d2fa8718d7ca6b0b4d3c6300a607c8fd581e7aee9a09f6f4db51ff25690\n"
            "stored    468e0d2fa8718d7ca6b0b4d3c6300a60\n");
}

TEST(Explain, WritesTheSameAsJson) {
  EXPECT_EQ(
      explained(R"({"value":{"id": 7.0}})", true),
      R"({"parts":[{"part":"namespace:","found":"\"\"","canonical":"010300"},)"
      R"({"part":"topic","found":"\"orders\"","canonical":"0203066f7264657273"},)"
      R"({"part":"payload:/id","found":"7.0","canonical":"071303376530"}],"result":"key",)"
      R"("canonical":"01030103000203066f7264657273071303376530","algorithm":"sha256",)"
      R"("digest":"468e0d2fa8718d7ca6b0b4d3c6300a607c8fd581e7aee9a09f6f4db51ff25690","stored":"468e0d2fa8718d7ca6b0b4d3c6300a60"})"
      "\n");
}

TEST(Explain, SaysWhyAMessageWouldBeRejected) {
  const std::string text = explained(R"({"value":"{\"id\":1,\"id\":2}"})", false);
  EXPECT_NE(text.find("no key    repeated_member: payload, byte 8: a member of this name came before"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("takes the rejects route"), std::string::npos);
  const std::string json = explained(R"({"value":null})", true);
  EXPECT_NE(json.find(R"("result":"reject","reason":"null_value")"), std::string::npos) << json;
}

TEST(Explain, BadInputAndAWrongKeyAreErrorsOfTheirOwn) {
  std::ostringstream out;
  std::istringstream not_json("nope");
  EXPECT_EQ(explain(spec(), not_json, {}, out).error().exit, Exit::bad_data);
  std::istringstream empty("{}");
  EXPECT_EQ(explain(key::KeySpec{}, empty, {}, out).error().exit, Exit::config);
  EXPECT_EQ(out.str(), "");
}

}  // namespace
}  // namespace firstseen::daemon
