#include "base/escape.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/random.h"

namespace skiff {
namespace {

using Append = void (*)(std::string&, std::string_view);

std::string escaped(Append append, std::string_view text) {
  std::string out;
  append(out, text);
  return out;
}

TEST(AppendJson, KeepsPlainTextAndUtf8) {
  EXPECT_EQ(escaped(append_json, "a b/c?"), "\"a b/c?\"");
  EXPECT_EQ(escaped(append_json, "Zürich €"), "\"Zürich €\"");
  EXPECT_EQ(escaped(append_json, ""), "\"\"");
}

TEST(AppendJson, EscapesWhatWouldEndTheStringOrTheLine) {
  EXPECT_EQ(escaped(append_json, "a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(escaped(append_json, "a\nb\rc\td"), R"("a\nb\rc\td")");
}

TEST(AppendJson, LeavesNoByteThatSteersATerminal) {
  EXPECT_EQ(escaped(append_json, "\x1b[31m"), R"("\u001b[31m")");
  EXPECT_EQ(escaped(append_json, "\x7f"), R"("\u007f")");
  EXPECT_EQ(escaped(append_json, "\xc2\x9b"), R"("\u009b")");
  EXPECT_EQ(escaped(append_json, std::string_view("\0", 1)), R"("\u0000")");
}

TEST(AppendJson, ReplacesWhatIsNoUtf8) {
  EXPECT_EQ(escaped(append_json, "a\xffz"), R"("a\ufffdz")");
  EXPECT_EQ(escaped(append_json, "\xc3"), R"("\ufffd")");
  EXPECT_EQ(escaped(append_json, "\xed\xa0\x80"), R"("\ufffd\ufffd\ufffd")") << "a surrogate";
}

TEST(AppendJson, GivesJsonWhateverTheBytes) {
  Random random(7);
  for (int i = 0; i < 2000; ++i) {
    std::string bytes(random.below(24), '\0');
    for (char& byte : bytes) byte = static_cast<char>(random.below(256));
    const std::string text = escaped(append_json, bytes);
    boost::json::error_code error;
    const auto value = boost::json::parse(text, error);
    ASSERT_FALSE(error) << text;
    ASSERT_TRUE(value.is_string());
    ASSERT_EQ(text.find('\n'), std::string::npos);
  }
}

TEST(AppendPrintable, LeavesQuotesAlone) {
  EXPECT_EQ(escaped(append_printable, "say \"no\" \\ \n"), "say \"no\" \\ \\n");
}

TEST(AppendWord, QuotesOnlyWhatIsNoPlainWord) {
  EXPECT_EQ(escaped(append_word, "/a/b?x"), "/a/b?x");
  EXPECT_EQ(escaped(append_word, ""), "-");
  EXPECT_EQ(escaped(append_word, "a b"), "\"a b\"");
  EXPECT_EQ(escaped(append_word, "a=b"), "\"a=b\"");
  EXPECT_EQ(escaped(append_word, "ü"), "\"ü\"");
}

}  // namespace
}  // namespace skiff
