#include "sidecar/http/request_key.h"

#include <gtest/gtest.h>

#include "tests/support/made_request.h"

namespace skiff {
namespace {

using testing::MadeRequest;

TEST(RequestKey, IsZeroWhereTheRequestDoesNotSayIt) {
  const MadeRequest request("/", {{"Cookie", "a=1"}});
  EXPECT_EQ(text_key(""), 0u);
  EXPECT_EQ(header_key(request, "x-user"), 0u);
  EXPECT_EQ(cookie_key(request, "session"), 0u);
}

TEST(RequestKey, FindsAHeaderWhateverItsCase) {
  EXPECT_EQ(header_key(MadeRequest("/", {{"X-User", "ada"}}), "x-user"), text_key("ada"));
}

TEST(RequestKey, FindsACookieAmongOthersAndInLaterFields) {
  EXPECT_EQ(cookie_key(MadeRequest("/", {{"Cookie", "a=1; sid=ada; b=2"}}), "sid"),
            text_key("ada"));
  EXPECT_EQ(cookie_key(MadeRequest("/", {{"Cookie", "a=1"}, {"Cookie", "sid=ada"}}), "sid"),
            text_key("ada"));
}

TEST(RequestKey, DoesNotTakeAPartOfACookiesNameForIt) {
  EXPECT_EQ(cookie_key(MadeRequest("/", {{"Cookie", "xsid=1; sidx=2; sid"}}), "sid"), 0u);
}

}  // namespace
}  // namespace skiff
