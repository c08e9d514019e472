#include "page/html.h"

#include <gtest/gtest.h>

namespace firstseen::page {
namespace {

TEST(Html, TextsNeverBecomeMarkup) {
  EXPECT_EQ(escape("<script>alert('x') & \"y\"</script>"),
            "&lt;script&gt;alert(&#39;x&#39;) &amp; &quot;y&quot;&lt;/script&gt;");
  EXPECT_EQ(escape("plain \xc3\xa4 text\n"), "plain \xc3\xa4 text\n");
}

TEST(Html, BytesThatAreNoTextAreReplaced) {
  EXPECT_EQ(escape("a\xff"
                   "b"),
            "a\xef\xbf\xbd"
            "b");
  EXPECT_EQ(escape(std::string_view("a\0b\x1b[0m", 7)),
            "a\xef\xbf\xbd"
            "b\xef\xbf\xbd[0m");
}

TEST(Html, ATablesCellsAreTexts) {
  HtmlTable table({"<head>", "n"});
  table.row({"<cell>", "1"});
  EXPECT_NE(table.html().find("<th>&lt;head&gt;</th>"), std::string::npos);
  EXPECT_NE(table.html().find("<td>&lt;cell&gt;</td><td>1</td>"), std::string::npos);
}

TEST(Html, ATableOfManyColumnsSaysSoForThePhone) {
  EXPECT_EQ(HtmlTable({"step", "mean", "99 % within"}).html().find("many"), std::string::npos);
  EXPECT_NE(HtmlTable({"window", "rules", "covered", "keys"}).html().find("<table class=\"many\">"), std::string::npos);
}

}  // namespace
}  // namespace firstseen::page
