#include "config/schema/scalars.h"

#include <gtest/gtest.h>

namespace skiff {
namespace {

YamlNode node(YamlNode::Kind kind, std::string_view text) {
  YamlNode result;
  result.kind = kind;
  result.text = text;
  return result;
}
YamlNode plain(std::string_view text) { return node(YamlNode::Kind::plain, text); }
YamlNode as_quoted(std::string_view text) { return node(YamlNode::Kind::quoted, text); }

TEST(ReadScalar, SetsValuesOfEachKind) {
  std::uint16_t number = 0;
  EXPECT_FALSE(read_scalar(type_of<std::uint16_t>(), plain("65535"), &number));
  EXPECT_EQ(number, 65'535);
  bool flag = false;
  EXPECT_FALSE(read_scalar(type_of<bool>(), plain("true"), &flag));
  EXPECT_TRUE(flag);
  Milliseconds duration{};
  EXPECT_FALSE(read_scalar(type_of<Milliseconds>(), as_quoted("5s"), &duration));
  EXPECT_EQ(duration, std::chrono::seconds(5));
  Bytes size;
  EXPECT_FALSE(read_scalar(type_of<Bytes>(), plain("1KiB"), &size));
  EXPECT_EQ(size, Bytes{1'024});
  Ratio share;
  EXPECT_FALSE(read_scalar(type_of<Ratio>(), plain("25%"), &share));
  EXPECT_EQ(share, Ratio{0.25});
  Rate rate;
  EXPECT_FALSE(read_scalar(type_of<Rate>(), plain("600/m"), &rate));
  EXPECT_EQ(rate, (Rate{600, Rate::Per::minute}));
  EXPECT_TRUE(read_scalar(type_of<Rate>(), plain("600"), &rate));
  std::string text;
  EXPECT_FALSE(read_scalar(type_of<std::string>(), as_quoted("5"), &text));
  EXPECT_EQ(text, "5");
}

TEST(ReadScalar, RefusesBooleansOfOtherYaml) {
  bool flag = false;
  for (const char* text : {"yes", "on", "Y", "True", "1"}) {
    EXPECT_TRUE(read_scalar(type_of<bool>(), plain(text), &flag)) << text;
  }
  EXPECT_TRUE(read_scalar(type_of<bool>(), as_quoted("true"), &flag));
}

TEST(ReadScalar, LeavesTheValueAloneWhenItRefuses) {
  std::uint16_t number = 7;
  const auto wrong = read_scalar(type_of<std::uint16_t>(), plain("65536"), &number);
  ASSERT_TRUE(wrong);
  EXPECT_EQ(wrong->what, "\"65536\" is out of range");
  EXPECT_EQ(wrong->expected, "an integer, 0 to 65535");
  EXPECT_EQ(number, 7);
}

TEST(SortOfPlain, KnowsWhatSomeReadersDoNotTakeForText) {
  for (const char* text : {"", "~", "null"}) EXPECT_EQ(sort_of_plain(text), "no value") << text;
  for (const char* text : {"true", "no", "On", "y"})
    EXPECT_EQ(sort_of_plain(text), "a boolean") << text;
  for (const char* text : {"0", "-1", "+1", "1.5", ".5", "1e3", "1E-3", "0x1F", "0o7", "1_000",
                           ".inf", "-.inf", ".nan"}) {
    EXPECT_EQ(sort_of_plain(text), "a number") << text;
  }
  for (const char* text :
       {"v1", "1.2.3", "a", "-", ".", "1e", "0x", "5s", "_1", "10.0.0.1", "2026-01-31"}) {
    EXPECT_EQ(sort_of_plain(text), "") << text;
  }
}

TEST(OneOf, ReadsAsASentence) {
  const std::vector<std::string_view> names = {"a", "b", ""};
  EXPECT_EQ(one_of(names), "a, b or \"\"");
  EXPECT_EQ(one_of({names.data(), 1}), "a");
}

TEST(ScalarText, IsWhatIsReadBack) {
  const Milliseconds duration(1'500);
  EXPECT_EQ(scalar_text(type_of<Milliseconds>(), &duration), "1500ms");
  const bool flag = true;
  EXPECT_EQ(scalar_text(type_of<bool>(), &flag), "true");
  const Rate rate{5, Rate::Per::hour};
  EXPECT_EQ(scalar_text(type_of<Rate>(), &rate), "5/h");
}

}  // namespace
}  // namespace skiff
