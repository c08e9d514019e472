#include "message_json.h"

#include <gtest/gtest.h>

#include "base64.h"

namespace firstseen::daemon {
namespace {

using namespace std::string_literals;

TEST(Base64, IsReadByTheStandardAlphabetWithPadding) {
  EXPECT_EQ(from_base64(""), "");
  EXPECT_EQ(from_base64("Zg=="), "f");
  EXPECT_EQ(from_base64("Zm8="), "fo");
  EXPECT_EQ(from_base64("Zm9v"), "foo");
  EXPECT_EQ(from_base64("AP/+"), "\0\xff\xfe"s);
}

TEST(Base64, AnythingElseIsRefused) {
  for (const char* text :
       {"Z", "Zg", "Zg=", "Zg===", "====", "Z===", "Zh==", "Zm9=", "Zm9v\n", "Zm-_", "=Zg=", "Zg==Zg=="}) {
    EXPECT_FALSE(from_base64(text)) << text;
  }
}

TEST(MessageJson, EveryMemberIsRead) {
  const auto message = read_message_json(
      R"({"topic":"t","partition":3,"offset":9007199254740993,"timestamp":1700000000000,"key":"k\u00e9",
          "headers":[["a","1"],["b",null],["a",{"base64":"/w=="}],["",""]],"value":"{\"id\":1}"})",
      "other");
  ASSERT_TRUE(message) << message.error().message;
  EXPECT_EQ(message->topic, "t");
  EXPECT_EQ(message->partition, 3);
  EXPECT_EQ(message->offset, 9007199254740993);
  EXPECT_EQ(message->timestamp_ms, 1700000000000);
  EXPECT_EQ(message->key, "k\xc3\xa9");
  EXPECT_EQ(message->value, R"({"id":1})");
  using Header = std::pair<std::string, std::optional<std::string>>;
  const std::vector<Header> headers{{"a", "1"}, {"b", std::nullopt}, {"a", "\xff"}, {"", ""}};
  EXPECT_EQ(message->headers, headers);
}

TEST(MessageJson, WhatKcatPrintsIsReadAsItIs) {
  const auto message =
      read_message_json(R"({"topic":"t","partition":2,"offset":1,"tstype":"create","ts":1700000000000,"broker":1,)"
                        R"("headers":["a","1","b",null,"a","2"],"key":null,"payload":"{\"id\":1}"})",
                        "other");
  ASSERT_TRUE(message) << message.error().message;
  EXPECT_EQ(message->partition, 2);
  EXPECT_EQ(message->timestamp_ms, 1700000000000);
  EXPECT_EQ(message->value, R"({"id":1})");
  EXPECT_FALSE(message->key);
  using Header = std::pair<std::string, std::optional<std::string>>;
  EXPECT_EQ(message->headers, (std::vector<Header>{{"a", "1"}, {"b", std::nullopt}, {"a", "2"}}));
  EXPECT_FALSE(read_message_json(R"({"headers":["a"]})", "t")) << "a name without a value";
  EXPECT_FALSE(read_message_json(R"({"payload":"1","value":"1"})", "t"));
}

TEST(MessageJson, AMessageWithoutATimestampIsReadAsKcatPrintsIt) {
  for (const std::string member : {"\"ts\"", "\"timestamp\""}) {
    const auto message = read_message_json("{\"tstype\":\"unknown\"," + member + ":-1,\"payload\":\"v\"}", "t");
    ASSERT_TRUE(message) << message.error().message;
    EXPECT_EQ(message->timestamp_ms, -1);
    const auto refused = read_message_json("{" + member + ":-2}", "t");
    ASSERT_FALSE(refused) << member;
    EXPECT_NE(refused.error().message.find(member), std::string::npos) << refused.error().message;
  }
}

TEST(MessageJson, ATopicThatIsLeftOutIsTheOnlyOneButNeverAPatternOrOneOfSeveral) {
  EXPECT_EQ(sole_topic({"orders"}), "orders");
  EXPECT_EQ(sole_topic({"^orders[.].*"}), std::nullopt);
  EXPECT_EQ(sole_topic({"orders", "returns"}), std::nullopt);
  const auto refused = read_message_json(R"({"value":{"id":1}})", std::nullopt);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().exit, Exit::bad_data);
  EXPECT_NE(refused.error().message.find("names no topic"), std::string::npos) << refused.error().message;
  const auto named = read_message_json(R"({"value":{"id":1},"topic":"orders.eu"})", std::nullopt);
  ASSERT_TRUE(named) << named.error().message;
  EXPECT_EQ(named->topic, "orders.eu");
}

TEST(MessageJson, WhatIsLeftOutIsNullOrZero) {
  const auto message = read_message_json("{}", "orders");
  ASSERT_TRUE(message) << message.error().message;
  EXPECT_EQ(message->topic, "orders");
  EXPECT_EQ(message->partition, 0);
  EXPECT_EQ(message->timestamp_ms, -1);
  EXPECT_FALSE(message->key);
  EXPECT_FALSE(message->value);
  EXPECT_FALSE(read_message_json(R"({"key":null,"value":null})", "")->value);
}

TEST(MessageJson, AnObjectOrArrayAsValueStandsForItsOwnText) {
  const auto object = read_message_json(R"({"value": {"id" : 1e400, "id":1.0} , "key":"k"})", "");
  ASSERT_TRUE(object) << object.error().message;
  EXPECT_EQ(object->value, R"({"id" : 1e400, "id":1.0})");
  EXPECT_EQ(object->key, "k");
  EXPECT_EQ(read_message_json(R"({"value":[1, {"a":[]}]})", "")->value, R"([1, {"a":[]}])");
  EXPECT_EQ(read_message_json(R"({"value":{}})", "")->value, "{}");
  EXPECT_EQ(read_message_json(R"({"value":""})", "")->value, "");
}

TEST(MessageJson, HeadersMayBeAnObject) {
  const auto message = read_message_json(R"({"headers":{"a":"1","b":null,"c":{"base64":"Zg=="}},"value":"v"})", "");
  ASSERT_TRUE(message) << message.error().message;
  ASSERT_EQ(message->headers.size(), 3U);
  EXPECT_EQ(message->headers[2].second, "f");
  EXPECT_EQ(message->value, "v");
}

TEST(MessageJson, BytesMayBeBase64) {
  const auto message = read_message_json(R"({"key_base64":"/w==","value_base64":"AA=="})", "");
  ASSERT_TRUE(message) << message.error().message;
  EXPECT_EQ(message->key, "\xff");
  EXPECT_EQ(message->value, "\0"s);
}

TEST(MessageJson, WhatIsNotAMessageIsRefusedAndSaysWhy) {
  struct Case {
    const char* text;
    const char* says;
  };
  for (const Case& c : std::vector<Case>{{"", "empty"},
                                         {"{", "not closed"},
                                         {"[]", "not a JSON object"},
                                         {"1", "not a JSON object"},
                                         {"null", "not a JSON object"},
                                         {"\"a\"", "not a JSON object"},
                                         {"{} {}", "follows"},
                                         {"{\"key\":\"\xff\"}", "UTF-8"},
                                         {R"({"key":"a","key":"b"})", "repeated"},
                                         {R"({"Key":"a"})", "\"Key\""},
                                         {R"({"key":1})", "\"key\""},
                                         {R"({"topic":null})", "\"topic\""},
                                         {R"({"partition":-1})", "\"partition\""},
                                         {R"({"partition":2147483648})", "2147483647"},
                                         {R"({"partition":"1"})", "\"partition\""},
                                         {R"({"offset":1.5})", "\"offset\""},
                                         {R"({"timestamp":99999999999999999999})", "\"timestamp\""},
                                         {R"({"value":7})", "\"value\""},
                                         {R"({"value":true})", "\"value\""},
                                         {R"({"value_base64":"?"})", "\"value_base64\""},
                                         {R"({"value":"a","value_base64":"Zg=="})", "both"},
                                         {R"({"headers":"a"})", "\"headers\""},
                                         {R"({"headers":["a"]})", "\"headers\""},
                                         {R"({"headers":[["a"]]})", "\"headers\""},
                                         {R"({"headers":[["a","b","c"]]})", "\"headers\""},
                                         {R"({"headers":[[1,"b"]]})", "\"headers\""},
                                         {R"({"headers":{"a":1}})", "\"headers\""},
                                         {R"({"headers":{"a":{"b64":""}}})", "\"headers\""},
                                         {R"({"headers":{"a":{"base64":"!"}}})", "\"headers\""}}) {
    const auto message = read_message_json(c.text, "");
    ASSERT_FALSE(message) << c.text;
    EXPECT_EQ(message.error().exit, Exit::bad_data) << c.text;
    EXPECT_NE(message.error().message.find(c.says), std::string::npos) << c.text << ": " << message.error().message;
  }
}

}  // namespace
}  // namespace firstseen::daemon
