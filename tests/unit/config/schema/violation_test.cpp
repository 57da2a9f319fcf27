#include "config/schema/violation.h"

#include <gtest/gtest.h>

namespace skiff {
namespace {

TEST(Violation, ReadsAsPlacePathWhatExpectedAndSuggestion) {
  const Violation violation{{"a.yaml", 3, 7}, "spec.x", "unknown field", "y or z", "y"};
  EXPECT_EQ(to_text(violation),
            "a.yaml:3:7: spec.x: unknown field; expected y or z; did you mean \"y\"?");
}

TEST(Violation, LeavesOutWhatIsNotThere) {
  EXPECT_EQ(to_text({{"a.yaml", 0, 0}, {}, "is not a file", {}, {}}), "a.yaml: is not a file");
  EXPECT_EQ(to_text({{}, {}, "is wrong", {}, {}}), "is wrong");
}

TEST(Violation, DoesNotSteerTheTerminal) {
  EXPECT_EQ(to_text({{}, "a\x1B[2J", "is wrong", {}, {}}), "a?[2J: is wrong");
}

TEST(InQuotes, ShortensWhatIsLong) {
  EXPECT_EQ(in_quotes("a\nb"), "\"a?b\"");
  EXPECT_EQ(in_quotes("-----BEGIN PRIVATE KEY-----"), "a private key (not shown)");
  EXPECT_EQ(in_quotes(std::string(200, 'x')), "\"" + std::string(80, 'x') + "…\"");
}

}  // namespace
}  // namespace skiff
