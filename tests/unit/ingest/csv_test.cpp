#include <nlohmann/json.hpp>
#include <random>

#include "ingest/csv_row.h"
#include "unit/ingest/support.h"

namespace firstseen::ingest::test {
namespace {

Read csv(const std::string& text) { return read_all(Format::csv, text); }

TEST(Csv, ARowBecomesAnObjectWithTheHeadersNamesInOrder) {
  const Read read = csv("id,name\r\n1,Ann\r\n2,Bob\r\n");
  EXPECT_EQ(read.error, "");
  EXPECT_EQ(read.records, (Texts{R"({"id":"1","name":"Ann"})", R"({"id":"2","name":"Bob"})"}));
  EXPECT_EQ(read.lines, (std::vector<std::uint64_t>{2, 3}));
}

TEST(Csv, QuotedFieldsHoldCommasLineEndsAndQuotes) {
  const Read read = csv("a,b\n\"x,y\",\"line 1\r\nline 2\"\n\"he said \"\"no\"\"\",\"\"\n");
  EXPECT_EQ(read.error, "");
  EXPECT_EQ(read.records, (Texts{R"({"a":"x,y","b":"line 1\u000d\u000aline 2"})", R"({"a":"he said \"no\"","b":""})"}));
  EXPECT_EQ(read.lines, (std::vector<std::uint64_t>{2, 4}));
}

TEST(Csv, LineFeedsAloneAMissingLastEndBlankLinesAndAByteOrderMarkAreAccepted) {
  const Texts expected{R"({"a":"1"})", R"({"a":"2"})"};
  EXPECT_EQ(csv("a\n1\n2").records, expected);
  EXPECT_EQ(csv("a\r\n1\r\n2\r").records, expected);
  EXPECT_EQ(csv("\xef\xbb\xbf"
                "a\n\n1\n\r\n2\n\n")
                .records,
            expected);
  EXPECT_EQ(csv("a\n\"\"\n").records, Texts{R"({"a":""})"});
  EXPECT_EQ(csv("a,b\n").records, Texts{});
}

TEST(Csv, ARowWithAnotherNumberOfFieldsIsRefusedWithItsLineBehindTheRowsBefore) {
  const Read read = csv("a,b\n1,2\n\"x\ny\",4\n5\n");
  EXPECT_EQ(read.records.size(), 2U);
  EXPECT_TRUE(contains(read.error, "input:5: this row has 1 fields, the header has 2")) << read.error;
  EXPECT_EQ(read.exit, Exit::bad_data);
  EXPECT_TRUE(contains(csv("a,b\n1,2,3\n").error, "this row has 3 fields"));
}

TEST(Csv, BrokenQuotesAndHeadersAreRefused) {
  EXPECT_TRUE(contains(csv("a\nx\"y\n").error, "input:2: a quote stands inside an unquoted field"));
  EXPECT_TRUE(contains(csv("a\n\"x\"y\n").error, "input:2: something stands behind a closing quote"));
  EXPECT_TRUE(contains(csv("a\n\"x\ny").error, "input:2: the file ends inside a quoted field"));
  EXPECT_TRUE(contains(csv("a,a\n").error, "names 'a' twice"));
  EXPECT_TRUE(contains(csv("a,\n").error, "column 2 of the header has no name"));
  EXPECT_TRUE(contains(csv("").error, "a header row was expected"));
  EXPECT_TRUE(contains(csv("a\n\xff\n").error, "input:2: field 1 is not UTF-8"));
  EXPECT_TRUE(contains(csv("\xff\n").error, "not UTF-8"));
}

/// What ends the reading of rows of at most 1000 bytes.
std::string error_of_rows(const std::string& text) {
  CsvRows rows(std::make_unique<TextSource>(text, 100), 1000);
  std::vector<std::string> fields;
  Result<bool> more = true;
  while (more && *more) more = rows.next(fields);
  return more ? "" : more.error().message;
}

TEST(Csv, ARowThatIsTooLargeIsRefusedWithTheLineItBeganInInsteadOfFillingTheMemory) {
  const std::string never_closed = "a,b\n1,2\n3,\"4\n" + std::string(5000, 'x') + "\n5,6\n";
  EXPECT_TRUE(contains(error_of_rows(never_closed), "input:3: the row that begins here is larger than 1000B"));
  EXPECT_TRUE(contains(error_of_rows("\n\n" + std::string(5000, 'x')), "input:3: the row that begins here"));
  EXPECT_TRUE(contains(error_of_rows(std::string(900, ',')), "input:1: the row that begins here"));
  EXPECT_EQ(error_of_rows(std::string(900, 'x') + "\n" + std::string(900, 'y') + "\n"), "");
  EXPECT_EQ(error_of_rows(std::string(5000, '\n')), "");
}

std::string in_quotes(const std::string& field) {
  std::string text = "\"";
  for (const char byte : field) text += byte == '"' ? "\"\"" : std::string(1, byte);
  return text + "\"";
}

TEST(Csv, WhateverIsWrittenByTheRulesIsReadBack) {
  std::mt19937 random(7);
  const std::string letters = "ab,\"\n\r\\ \t{";
  std::string text = "first,second\r\n";
  std::vector<std::pair<std::string, std::string>> rows;
  for (int i = 0; i < 300; ++i) {
    std::string fields[2];
    for (std::string& field : fields) {
      for (auto n = random() % 6; n > 0; --n) field += letters[random() % letters.size()];
    }
    rows.emplace_back(fields[0], fields[1]);
    text += in_quotes(fields[0]) + "," + in_quotes(fields[1]) + (random() % 2 == 0 ? "\r\n" : "\n");
  }
  const Read read = csv(text);
  EXPECT_EQ(read.error, "");
  ASSERT_EQ(read.records.size(), rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto object = nlohmann::json::parse(read.records[i]);
    EXPECT_EQ(object.at("first"), rows[i].first);
    EXPECT_EQ(object.at("second"), rows[i].second);
  }
}

}  // namespace
}  // namespace firstseen::ingest::test
