#include "config/schema/yaml_scalars.h"

#include <gtest/gtest.h>

namespace skiff {
namespace {

struct Read {
  std::string text;
  std::string error;
};

template <typename Method>
Read read(const std::string& yaml, Method method) {
  std::pmr::monotonic_buffer_resource memory;
  YamlCursor cursor("f", yaml);
  YamlScalars scalars(cursor, memory);
  const std::string text(method(scalars));
  Violations violations;
  cursor.move_violations_to(violations);
  return {text, violations.empty() ? "" : to_text(violations[0])};
}

Read plain(const std::string& yaml) {
  return read(yaml, [](YamlScalars& scalars) { return scalars.plain(0); });
}
Read quoted_text(const std::string& yaml) {
  return read(yaml, [](YamlScalars& scalars) { return scalars.quoted(); });
}
Read literal(const std::string& yaml) {
  return read(yaml, [](YamlScalars& scalars) { return scalars.literal(0); });
}

TEST(YamlScalars, EndAPlainTextBeforeACommentOrAColon) {
  EXPECT_EQ(plain("a b  # c\n").text, "a b");
  EXPECT_EQ(plain("a#b:c\n").text, "a#b:c");
  EXPECT_EQ(plain("-1\n").text, "-1");
  EXPECT_EQ(plain("a: b").error.substr(0, 7), "f:1:2: ");
}

TEST(YamlScalars, FoldPlainTextOverSeveralLines) {
  EXPECT_EQ(plain("a\n b\n\n c\n").text, "a b\nc");
  EXPECT_EQ(plain("a\n# b\n").text, "a");
}

TEST(YamlScalars, ReadQuotesAndEscapes) {
  EXPECT_EQ(quoted_text("\"a b\"").text, "a b");
  EXPECT_EQ(quoted_text("'it''s'").text, "it's");
  EXPECT_EQ(quoted_text(R"("a\n\t\"\\\x41\u00e9\U0001F6A4")").text,
            "a\n\t\"\\A\xC3\xA9\xF0\x9F\x9A\xA4");
  EXPECT_EQ(quoted_text("\"a  \n  b\n\n  c\"").text, "a b\nc");
  EXPECT_EQ(quoted_text("\"a\\\n  b\"").text, "ab");
}

TEST(YamlScalars, RefuseBadEscapes) {
  for (const char* yaml :
       {R"("\q")", R"("\x4")", R"("\ud800")", R"("\U00110000")", R"("\x00")", R"("\0")"}) {
    EXPECT_NE(quoted_text(yaml).error, "") << yaml;
  }
  EXPECT_EQ(quoted_text("\"a\nb").error, "f:1:1: the text in quotes has no end; expected \"");
  EXPECT_EQ(quoted_text("'a\n---\n'").error, "f:2:1: the document ends within quotes");
}

TEST(YamlScalars, KeepTheLinesOfALiteral) {
  EXPECT_EQ(literal("|\n  a\n   b\n\n  c\nd").text, "a\n b\n\nc\n");
  EXPECT_EQ(literal("|-\n  a\n\n").text, "a");
  EXPECT_EQ(literal("|+\n  a\n\n").text, "a\n\n");
  EXPECT_NE(literal("| a\n").error, "");
  EXPECT_NE(literal("|2\n  a\n").error, "");
}

}  // namespace
}  // namespace skiff
