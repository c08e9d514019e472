#include "top/frame.h"

#include <gtest/gtest.h>

namespace firstseen::top {
namespace {

TEST(Frame, LetsNothingThroughThatATerminalWouldObey) {
  EXPECT_EQ(fitted("a\x1b[2J\r\n\tb\x7f", 80), "a?[2J???b?");
  EXPECT_EQ(fitted("\xc2\x9b"
                   "2J",
                   80),
            "??2J")
      << "the control sequence introducer of eight bits";
  EXPECT_EQ(fitted("\xff\xc3 \xe2\x82", 80), "?? ??") << "broken UTF-8";
}

TEST(Frame, IsCutByCharactersNotByBytes) {
  EXPECT_EQ(fitted("Grüße", 4), "Grüß");
  EXPECT_EQ(fitted("Grüße", 80), "Grüße");
  EXPECT_EQ(fitted("Grüße", 0), "");
}

TEST(Frame, IsDrawnOverTheLastOneWithinTheScreen) {
  const Frame frame{{"one"}, {"two", Style::bad}, {"three"}};
  EXPECT_EQ(drawn(frame, {.rows = 2, .columns = 2}), "\x1b[Hon\x1b[K\r\n\x1b[1;31mtw\x1b[0m\x1b[K\x1b[J");
  EXPECT_EQ(plain(frame), "one\ntwo\nthree\n");
}

}  // namespace
}  // namespace firstseen::top
