#include "unit/ingest/support.h"

namespace firstseen::ingest::test {
namespace {

Read array(const std::string& text) { return read_all(Format::json_array, text); }

TEST(JsonArray, ElementsStayByteForByteUnlessTheySpanLines) {
  const Read read =
      array("\n [ {\"a\" :1}, [2,\"]\"] ,\"x\\\"},\", 1e400,null,{\n  \"b\": \"c d\",\r\n  \"e\": []\n}\n]\n");
  EXPECT_EQ(read.error, "");
  EXPECT_EQ(read.records, (Texts{R"({"a" :1})", R"([2,"]"])", R"("x\"},")", "1e400", "null", R"({"b":"c d","e":[]})"}));
  EXPECT_EQ(read.lines, (std::vector<std::uint64_t>{2, 2, 2, 2, 2, 2}));
}

TEST(JsonArray, AnEmptyOneHasNoRecords) {
  EXPECT_EQ(array("[]").records, Texts{});
  EXPECT_EQ(array(" [ \n ] \n").error, "");
}

TEST(JsonArray, CutOffAtAnyByteIsAnErrorThatSaysSo) {
  const std::string text = R"([{"id": 1}, {"id": "a\"b"}, [3]])";
  for (std::size_t length = 1; length < text.size(); ++length) {
    const Read read = array(text.substr(0, length));
    EXPECT_TRUE(contains(read.error, "cut off")) << text.substr(0, length);
    EXPECT_EQ(read.exit, Exit::bad_data);
  }
  EXPECT_TRUE(contains(array("").error, "the file is empty"));
}

TEST(JsonArray, WhatIsNoArrayOfJsonIsRefusedWithItsPlace) {
  EXPECT_TRUE(contains(array("{\"a\":1}\n").error, "input:1: this is no JSON array"));
  EXPECT_TRUE(contains(array("[1]\n[2]\n").error, "input:2: something follows the JSON array"));
  EXPECT_TRUE(contains(array("[1 2]").error, "a comma or ']' was expected after element 1"));
  EXPECT_TRUE(contains(array("[1}").error, "a comma or ']' was expected after element 1"));
  EXPECT_TRUE(contains(array("[1,]").error, "a value was expected as element 2"));
  EXPECT_TRUE(contains(array("[,1]").error, "a value was expected as element 1"));
  EXPECT_TRUE(contains(array("[1,\n\ntru]").error, "input:3: element 2 is not JSON"));
  EXPECT_TRUE(contains(array("[{\"a\":\"\xff\"}]").error, "element 1 is not JSON"));
  EXPECT_TRUE(contains(array("[{]}]").error, "element 1 is not JSON"));
}

TEST(JsonArray, ANulByteIsNeverItsEnd) {
  const std::string nul(1, '\0');
  EXPECT_TRUE(contains(array("[1]" + nul).error, "input:1: something follows the JSON array"));
  EXPECT_TRUE(contains(array("[1]\n" + std::string(4096, '\0')).error, "input:2: something follows the JSON array"));
  EXPECT_TRUE(contains(array("[1" + nul + "]").error, "element 1 is not JSON"));
  EXPECT_TRUE(contains(array("[1 " + nul + ",2]").error, "a comma or ']' was expected after element 1"));
  EXPECT_TRUE(contains(array("[" + nul + "]").error, "element 1 is not JSON"));
  EXPECT_TRUE(contains(array(nul + "[1]").error, "this is no JSON array"));
  EXPECT_TRUE(contains(array("[1," + nul).error, "cut off in element 2"));
}

TEST(JsonArray, AnElementLargerThanTheLimitIsRefusedInsteadOfFillingTheMemory) {
  InputBuffer buffer(std::make_unique<TextSource>(std::string(5000, 'x'), 100), 1000);
  Result<bool> more = true;
  while (more && *more) more = buffer.fill();
  ASSERT_FALSE(more);
  EXPECT_TRUE(contains(more.error().message, "larger than 1000B"));
}

}  // namespace
}  // namespace firstseen::ingest::test
