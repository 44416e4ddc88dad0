#include "cli/table.h"

#include <gtest/gtest.h>

namespace doorbuster::cli {
namespace {

TEST(DisplayWidth, IsWhatATerminalShows) {
  EXPECT_EQ(display_width(""), 0U);
  EXPECT_EQ(display_width("iPhone"), 6U);
  EXPECT_EQ(display_width("秒杀"), 4U);
  EXPECT_EQ(display_width("ﾊﾝｶｸ"), 4U);  // half-width forms
  EXPECT_EQ(display_width("e\u0301"), 1U);
  EXPECT_EQ(display_width("🎟"), 2U);
}

TEST(Harmless, IsTextThatCannotSteerATerminal) {
  EXPECT_EQ(harmless("秒杀 ok"), "秒杀 ok");
  EXPECT_EQ(harmless("\x1b[2J\r\n"), "\uFFFD[2J\uFFFD\uFFFD");
  EXPECT_EQ(harmless("a\u202eb\u009b"), "a\uFFFDb\uFFFD");
  EXPECT_EQ(harmless("\xff\xc3"), "\uFFFD\uFFFD");
}

TEST(Table, AlignsByDisplayWidth) {
  const std::vector<Column> columns = {{"TITLE"}, {"N", true}, {"END"}};
  EXPECT_EQ(table(columns, {{{"秒杀"}, {"1,000"}, {"x"}}, {{"abcdefgh"}, {"1"}, {""}}}, false),
            "TITLE         N  END\n"
            "秒杀      1,000  x\n"
            "abcdefgh      1\n");
  EXPECT_EQ(table({{"A"}, {"B"}}, {{{"x", Ink::green}, {"y"}}}, true),
            "\x1b[1mA\x1b[0m  \x1b[1mB\x1b[0m\n\x1b[32mx\x1b[0m  y\n");
}

}  // namespace
}  // namespace doorbuster::cli
