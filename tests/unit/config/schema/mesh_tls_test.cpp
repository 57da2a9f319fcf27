#include "config/schema/mesh_tls.h"

#include <gtest/gtest.h>

#include "tests/support/policies.h"

namespace skiff {
namespace {

TEST(MeshTLS, IsReadFromItsExample) {
  const Resources resources =
      test::read_policies(test::repository_file("config/examples/mesh_tls.yaml")).resources;
  ASSERT_EQ(resources.mesh_tls.size(), 2U);
  EXPECT_TRUE(resources.mesh_tls[0].target_refs.empty());
  EXPECT_EQ(resources.mesh_tls[0].mode, TlsMode::strict);
  const MeshTLS& ledger = resources.mesh_tls[1];
  ASSERT_EQ(ledger.target_refs.size(), 1U);
  EXPECT_EQ(ledger.target_refs[0].kind, "Service");
  EXPECT_EQ(ledger.mode_of(80), TlsMode::strict);
  EXPECT_EQ(ledger.mode_of(9090), TlsMode::disabled);
}

}  // namespace
}  // namespace skiff
