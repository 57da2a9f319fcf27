#include "base/spooled_text.h"

#include <gtest/gtest.h>

#include <string>

namespace skiff {
namespace {

TEST(SpooledText, GivesBackWhatItWasGiven) {
  EXPECT_EQ(SpooledText().read(), "");
  EXPECT_EQ(SpooledText("short").read(), "short");
}

TEST(SpooledText, GivesBackALongTextAsOftenAsItIsAsked) {
  std::string text;
  for (int i = 0; text.size() < 3 * SpooledText::most_in_memory; ++i) text += std::to_string(i);
  const SpooledText spooled(text);
  EXPECT_EQ(spooled.read(), text);
  EXPECT_EQ(spooled.read(), text);
}

TEST(SpooledText, CanBeReplaced) {
  SpooledText text(std::string(2 * SpooledText::most_in_memory, 'a'));
  text = SpooledText("b");
  EXPECT_EQ(text.read(), "b");
}

}  // namespace
}  // namespace skiff
