#include "base/suggest.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace skiff {
namespace {

TEST(EditDistance, CountsInsertionsRemovalsReplacementsAndSwaps) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("timout", "timeout"), 1U);
  EXPECT_EQ(edit_distance("prots", "ports"), 1U);
  EXPECT_EQ(edit_distance("Connect", "connect"), 0U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

TEST(Nearest, FindsWhatWasMeant) {
  const std::array<std::string_view, 3> names = {"connect", "request", "responseHeaders"};
  EXPECT_EQ(nearest("requst", names), "request");
  EXPECT_EQ(nearest("CONNECT", names), "connect");
  EXPECT_EQ(nearest("responseHeader", names), "responseHeaders");
}

TEST(Nearest, IsSilentWhereNothingIsNear) {
  const std::array<std::string_view, 2> names = {"connect", "of"};
  EXPECT_EQ(nearest("elephant", names), "");
  EXPECT_EQ(nearest("", names), "");
  EXPECT_EQ(nearest("x", names), "");
  EXPECT_EQ(nearest(std::string(10'000, 'c'), names), "");
}

}  // namespace
}  // namespace skiff
