#include "manual/man_page.h"

#include <gtest/gtest.h>

#include <sstream>

#include "program.h"

namespace firstseen::manual {
namespace {

std::string page_of_put() {
  const Program program;
  const Command tool = describe(program.app);
  return man_page(tool.commands.front(), tool, {.version = "1.2.3", .date = "2026-11-21"});
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(ManPage, TextsNeverBecomeRequests) {
  EXPECT_EQ(roff(".TH x"), "\\&.TH x");
  EXPECT_EQ(roff("'quoted'"), "\\&'quoted'");
  EXPECT_EQ(roff("a\\b"), "a\\eb");
  EXPECT_TRUE(has(page_of_put(), "\n\\&.not a request\n"));
}

TEST(ManPage, OptionsKeepTheirDashesAndWordsTheirHyphens) {
  EXPECT_EQ(roff("first-seen --dry-run '-x' -"), "first-seen \\-\\-dry\\-run '\\-x' -");
}

TEST(ManPage, HasAHeadAndTheUsualSections) {
  const std::string page = page_of_put();
  EXPECT_TRUE(page.starts_with(".TH TOOL-PUT 1 2026-11-21 \"tool 1.2.3\"\n")) << page;
  std::size_t at = 0;
  for (const char* title : {"NAME", "SYNOPSIS", "DESCRIPTION", "ARGUMENTS", "OPTIONS", "SEE ALSO"}) {
    at = page.find(std::string(".SH ") + title + "\n", at);
    ASSERT_NE(at, std::string::npos) << title;
  }
}

TEST(ManPage, SaysOfAnOptionWhatItMayBe) {
  const std::string page = page_of_put();
  EXPECT_TRUE(has(page, "\\fB\\-\\-format\\fR \\fIgzip|zstd\\fR\nWhich. Default: zstd\n")) << page;
  EXPECT_TRUE(has(page, "A part. May be repeated.\n")) << page;
  EXPECT_TRUE(has(page, "Configuration file. Required.\n")) << page;
  EXPECT_TRUE(has(page, ".SS Which store (exactly one of these)\n")) << page;
}

TEST(ManPage, FillsParagraphsAndLeavesIndentedLines) {
  const std::string page = page_of_put();
  EXPECT_TRUE(has(page, "First line of a paragraph.\n.PP\n.nf\n  verbatim \\-\\-line\n.fi\n.PP\n")) << page;
}

TEST(ManPage, NoSourceLineIsTooLong) {
  std::istringstream lines(page_of_put());
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80U) << line;
}

}  // namespace
}  // namespace firstseen::manual
