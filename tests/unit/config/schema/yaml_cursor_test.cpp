#include "config/schema/yaml_cursor.h"

#include <gtest/gtest.h>

namespace skiff {
namespace {

TEST(YamlCursor, SkipsSpacesCommentsAndLines) {
  YamlCursor cursor("f", "  # one\r\n\n   x # two\n");
  cursor.skip_to_token();
  EXPECT_EQ(cursor.peek(), 'x');
  EXPECT_EQ(cursor.place().line, 3);
  EXPECT_EQ(cursor.place().column, 4);
  cursor.advance();
  cursor.skip_rest();
  EXPECT_TRUE(cursor.is_line_end());
  cursor.skip_to_token();
  EXPECT_TRUE(cursor.is_at_end());
}

TEST(YamlCursor, TakesAHashForACommentOnlyAfterASpace) {
  YamlCursor cursor("f", "a#b");
  cursor.advance();
  cursor.skip_rest();
  EXPECT_EQ(cursor.peek(), '#');
}

TEST(YamlCursor, KnowsMarkersOnlyAtTheBeginOfALine) {
  EXPECT_TRUE(YamlCursor("f", "---").is_at_marker());
  EXPECT_TRUE(YamlCursor("f", "... # end").is_at_marker());
  EXPECT_FALSE(YamlCursor("f", "---a").is_at_marker());
  YamlCursor further_in("f", " ---");
  further_in.skip_spaces();
  EXPECT_FALSE(further_in.is_at_marker());
}

TEST(YamlCursor, HasNothingLeftAfterAFailure) {
  YamlCursor cursor("f", "abc");
  cursor.advance();
  cursor.fail("is wrong");
  cursor.fail("is wrong again");
  EXPECT_TRUE(cursor.is_at_end());
  EXPECT_EQ(cursor.peek(), '\0');
  Violations violations;
  cursor.move_violations_to(violations);
  ASSERT_EQ(violations.size(), 1U);
  EXPECT_EQ(to_text(violations[0]), "f:1:2: is wrong");
}

TEST(YamlCursor, PassesOverAByteOrderMark) {
  YamlCursor cursor("f", "\xEF\xBB\xBFx");
  EXPECT_EQ(cursor.peek(), 'x');
  EXPECT_EQ(cursor.column(), 1);
}

}  // namespace
}  // namespace skiff
