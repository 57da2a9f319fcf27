#include "config/schema/manual.h"

#include <gtest/gtest.h>

#include "config/schema/kinds.h"
#include "tests/support/policies.h"

namespace skiff {
namespace {

TEST(Explain, TellsOfAFieldWhatItMayBe) {
  const auto text = explain("TrafficPolicy.spec.timeouts.connect");
  ASSERT_TRUE(text);
  EXPECT_EQ(*text,
            "TrafficPolicy.spec.timeouts.connect\n\n"
            "  Until a connection to an endpoint stands, the TLS handshake included.\n\n"
            "Value:    a duration such as 250ms or 1m30s, 1ms to 10m\nDefault:  1s\n");
  EXPECT_EQ(*explain("TrafficPolicy.timeouts.connect"), *text) << "spec may be left out";
}

TEST(Explain, SuggestsWhatWasMeant) {
  EXPECT_EQ(explain("TraficPolicy").error().suggestion, "TrafficPolicy");
  EXPECT_EQ(explain("TrafficPolicy.timeout").error().suggestion, "timeouts");
  EXPECT_EQ(explain("TrafficPolicy.timeouts.connect.x").error().what, "has no fields");
  EXPECT_FALSE(explain(""));
  EXPECT_FALSE(explain("Service."));
}

void expect_explained(const Shape& shape, const std::string& path) {
  for (const ShapeField& field : shape.fields()) {
    const std::string inner = path + "." + std::string(field.name);
    const auto text = explain(inner);
    ASSERT_TRUE(text) << inner;
    EXPECT_NE(text->find(field.doc), std::string::npos) << inner;
    if (field.type.leaf().shape) expect_explained(*field.type.leaf().shape, inner);
  }
}

TEST(Explain, KnowsEveryField) {
  for (const Kind& kind : kinds()) expect_explained(kind.shape(), std::string(kind.name));
}

TEST(ReferencePage, IsUpToDate) {
  EXPECT_EQ(test::repository_file("docs/reference.md"), reference_page())
      << "make it again: skiff reference > docs/reference.md";
}

}  // namespace
}  // namespace skiff
