#include "sidecar/codec/request_rules.h"

#include <gtest/gtest.h>

#include <string>

namespace skiff {
namespace {

ErrorKind judge(std::string_view name) { return judge_method(name, method_id(name)); }

TEST(RequestRules, TakesMethodsThatAreUnknownButClear) {
  EXPECT_EQ(judge("GET"), ErrorKind::none);
  EXPECT_EQ(judge("PURGE"), ErrorKind::none);
  EXPECT_EQ(judge("TRACE"), ErrorKind::bad_request_trace);
  EXPECT_EQ(judge("PRI"), ErrorKind::bad_request_method);
  EXPECT_EQ(judge("Get"), ErrorKind::bad_request_method);
  EXPECT_EQ(judge("trace"), ErrorKind::bad_request_method);
}

TEST(RequestRules, AProtectedNameWithUnderscoresMisleads) {
  Arena arena;
  Headers headers;
  headers.add(arena, "content_length", "1");
  headers.add(arena, "my_own", "1");
  headers.add(arena, "content-length", "1");
  EXPECT_TRUE(is_misleading(headers.begin()[0]));
  EXPECT_FALSE(is_misleading(headers.begin()[1]));
  EXPECT_FALSE(is_misleading(headers.begin()[2]));
}

TEST(RequestRules, MakesLowerCaseInPlace) {
  const std::string text = "A[Z`z";
  make_lower(text);
  EXPECT_EQ(text, "a[z`z");
}

}  // namespace
}  // namespace skiff
