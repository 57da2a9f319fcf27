#include "base/base64url.h"

#include <gtest/gtest.h>

#include "tests/support/made_jwt.h"

namespace skiff {
namespace {

TEST(Base64Url, ReadsTheVectorsOfRfc4648) {
  EXPECT_EQ(from_base64url(""), "");
  EXPECT_EQ(from_base64url("Zg"), "f");
  EXPECT_EQ(from_base64url("Zm8"), "fo");
  EXPECT_EQ(from_base64url("Zm9v"), "foo");
  EXPECT_EQ(from_base64url("Zm9vYmFy"), "foobar");
  EXPECT_EQ(from_base64url("-_-_"), "\xfb\xff\xbf");
}

TEST(Base64Url, ReadsBackWhatIsWritten) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(from_base64url(test::to_base64url(bytes)), bytes);
    bytes.push_back(static_cast<char>(i * 37));
  }
}

TEST(Base64Url, TakesNoPaddingNoBlanksAndNoOtherAlphabet) {
  for (const char* text : {"Zg==", "Zm9v\n", " Zm9v", "Zm+v", "Zm/v", "Zm9v.", "\xc3\xa4Zm"})
    EXPECT_EQ(from_base64url(text), std::nullopt) << text;
}

TEST(Base64Url, TakesOneTextForEachBytesOnly) {
  EXPECT_EQ(from_base64url("Zh"), std::nullopt) << "the bits that are left over are not 0";
  EXPECT_EQ(from_base64url("Zm9"), std::nullopt);
  EXPECT_EQ(from_base64url("Z"), std::nullopt) << "no byte has so few bits";
  EXPECT_EQ(from_base64url("Zm9vY"), std::nullopt);
}

}  // namespace
}  // namespace skiff
