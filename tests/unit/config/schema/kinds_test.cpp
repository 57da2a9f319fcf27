#include "config/schema/kinds.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/policies.h"

namespace skiff {
namespace {

TEST(Kinds, AreFoundByName) {
  for (const Kind& kind : kinds()) EXPECT_EQ(find_kind(kind.name), &kind);
  EXPECT_EQ(find_kind("service"), nullptr);
}

TEST(Kinds, NameThemselvesInTheirShape) {
  for (const Kind& kind : kinds()) {
    EXPECT_EQ(kind.shape().find("kind")->type.choices.front(), kind.name);
    EXPECT_NE(kind.shape().find("apiVersion"), nullptr);
    EXPECT_NE(kind.shape().find("spec"), nullptr);
  }
}

TEST(Kinds, HaveAnExampleEach) {
  std::string examples;
  for (const std::string& file : test::repository_files("config/examples", ".yaml")) {
    examples += test::repository_file(file);
  }
  for (const Kind& kind : kinds()) {
    EXPECT_NE(examples.find("kind: " + std::string(kind.name) + "\n"), std::string::npos)
        << kind.name;
  }
}

TEST(Kinds, AppendADocumentWithItsDefaults) {
  Documents documents;
  find_kind("Gateway")->append(documents);
  ASSERT_EQ(documents.resources.gateways.size(), 1U);
  EXPECT_EQ(documents.resources.gateways[0].gateway_class_name, "skiff");
}

}  // namespace
}  // namespace skiff
