#include "config/schema/document_text.h"

#include <gtest/gtest.h>

#include "tests/support/policies.h"

namespace skiff {
namespace {

TEST(DocumentText, HasEveryKindInTheOrderOfTheReference) {
  Documents documents;
  std::string expected;
  for (const Kind& kind : kinds()) {
    kind.append(documents);
    expected += std::string(kind.name) + "\n";
  }
  std::string found;
  const std::string text = to_text(documents);
  for (std::size_t at = text.find("\nkind: "); at != text.npos;
       at = text.find("\nkind: ", at + 1)) {
    const std::size_t begin = at + 7;
    found += text.substr(begin, text.find('\n', begin) + 1 - begin);
  }
  EXPECT_EQ(found, expected);
  EXPECT_EQ(count(documents.resources), kinds().size() - 1) << "a Sidecar is no resource";
}

TEST(DocumentText, OfResourcesLeavesSidecarsOut) {
  Documents documents;
  find_kind("Sidecar")->append(documents);
  find_kind("MeshTLS")->append(documents);
  const std::string text = to_text(documents.resources);
  EXPECT_EQ(text.find("Sidecar"), text.npos);
  EXPECT_TRUE(text.starts_with("---\napiVersion: skiff.dev/v1\nkind: MeshTLS\n")) << text;
}

}  // namespace
}  // namespace skiff
