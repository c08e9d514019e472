#include "ingest/sniff.h"
#include "unit/ingest/support.h"

namespace firstseen::ingest::test {
namespace {

TEST(Lines, AreTheFilesLinesWithoutTheirEnds) {
  const Read read = read_all(Format::lines, "one\r\n\n two \nlast");
  EXPECT_EQ(read.records, (Texts{"one", "", " two ", "last"}));
  EXPECT_EQ(read_all(Format::lines, "").records, Texts{});
  EXPECT_EQ(read_all(Format::lines, "\n").records, Texts{""});
}

TEST(JsonLines, BlankLinesAreLeftOutButCounted) {
  const Read read = read_all(Format::json_lines, "{\"a\": 1}\n\n  \r\n[2]\r\n\"x\"");
  EXPECT_EQ(read.error, "");
  EXPECT_EQ(read.records, (Texts{R"({"a": 1})", "[2]", "\"x\""}));
  EXPECT_EQ(read.lines, (std::vector<std::uint64_t>{1, 4, 5}));
}

TEST(JsonLines, ALineThatIsNotJsonIsRefusedWithItsNumber) {
  const Read read = read_all(Format::json_lines, "1\n{\"a\":}\n3\n");
  EXPECT_EQ(read.records, Texts{"1"});
  EXPECT_TRUE(contains(read.error, "input:2: this line is not JSON"));
  EXPECT_EQ(read.exit, Exit::bad_data);
  EXPECT_TRUE(contains(read_all(Format::json_lines, "{\"a\":1").error, "input:1"));
  EXPECT_TRUE(contains(read_all(Format::json_lines, "1 2\n").error, "input:1"));
}

TEST(JsonLines, ANulByteIsNoWhiteSpace) {
  const std::string nul(1, '\0');
  EXPECT_TRUE(contains(read_all(Format::json_lines, "1\n" + nul).error, "input:2: this line is not JSON"));
  EXPECT_TRUE(contains(read_all(Format::json_lines, "{}" + nul + "\n").error, "input:1: this line is not JSON"));
}

TEST(Sniff, ANulByteIsTheFirstOneLikeOthersAndNothingBehindItIsReadYet) {
  auto source = std::make_unique<TextSource>("\n" + std::string(1, '\0') + std::string(10'000, '\0') + "[1]", 4096);
  const TextSource& read_from = *source;
  const auto sniffed = sniff(std::move(source));
  ASSERT_TRUE(sniffed);
  EXPECT_EQ(sniffed->first_byte, '\0');
  EXPECT_EQ(read_from.read_so_far(), 4096U);
}

TEST(Format, IsToldByTheNameAlsoBehindACompression) {
  EXPECT_EQ(*format_of("/x/a.jsonl"), Format::json_lines);
  EXPECT_EQ(*format_of("a.ndjson.gz"), Format::json_lines);
  EXPECT_EQ(*format_of("a.json.zst"), Format::json_array);
  EXPECT_EQ(*format_of("a.csv"), Format::csv);
  EXPECT_EQ(*format_of("a.log"), Format::lines);
  for (const char* name : {"a", "a.gz", "a.xml", ".csv"}) {
    const auto format = format_of(name);
    ASSERT_FALSE(format) << name;
    EXPECT_TRUE(contains(format.error().message, "--format"));
  }
  EXPECT_EQ(*parse_format("csv"), Format::csv);
  EXPECT_TRUE(contains(parse_format("xml").error().message, "auto, jsonl, json, csv, lines"));
}

}  // namespace
}  // namespace firstseen::ingest::test
