#include "sidecar/http/endpoint_spec.h"

#include <gtest/gtest.h>

#include <optional>

namespace skiff {
namespace {

TEST(EndpointSpecs, AreNoneAtFirst) {
  const EndpointSpecs none;
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(none.begin(), none.end());
  EXPECT_EQ(none, EndpointSpecs(std::vector<EndpointSpec>{}));
}

TEST(EndpointSpecs, AreKeptInTheirOrderWithTheirTexts) {
  std::optional<EndpointSpecs> made;
  {
    const std::vector<EndpointSpec> said{{"127.100.100.100:10001", 2, "a-zone-that-needs-the-heap"},
                                         {"[::1]:80", 0, ""},
                                         {"b:1", 7, "a-zone-that-needs-the-heap"}};
    made.emplace(said);
  }
  const EndpointSpecs copy = *made;
  made.reset();  // A copy has the texts too.
  ASSERT_EQ(copy.size(), 3U);
  EXPECT_EQ(copy[0], (KnownEndpoint{"127.100.100.100:10001", "a-zone-that-needs-the-heap", 2}));
  EXPECT_EQ(copy[1], (KnownEndpoint{"[::1]:80", "", 0}));
  EXPECT_EQ(copy[2], (KnownEndpoint{"b:1", "a-zone-that-needs-the-heap", 7}));
  EXPECT_EQ(copy[0].zone.data(), copy[2].zone.data()) << "a zone is there once";
}

TEST(EndpointSpecs, OfOneAddressTwiceTheFirstCounts) {
  const std::vector<EndpointSpec> said{{"a", 1, "x"}, {"b", 2, "x"}, {"a", 3, "y"}};
  const EndpointSpecs specs(said);
  ASSERT_EQ(specs.size(), 2U);
  EXPECT_EQ(specs[0], (KnownEndpoint{"a", "x", 1}));
  EXPECT_EQ(specs[1], (KnownEndpoint{"b", "x", 2}));
}

TEST(EndpointSpecs, AreEqualByWhatTheySayInTheirOrder) {
  const std::vector<EndpointSpec> said{{"a", 1, "x"}, {"b", 2, "y"}};
  const EndpointSpecs specs(said);
  EXPECT_EQ(specs, EndpointSpecs(said));
  EXPECT_NE(specs, EndpointSpecs(std::vector<EndpointSpec>{said[1], said[0]}));
  EXPECT_NE(specs, EndpointSpecs(std::vector<EndpointSpec>{said[0]}));
  EXPECT_NE(specs, EndpointSpecs(std::vector<EndpointSpec>{said[0], {"b", 2, "z"}}));
  EXPECT_NE(specs, EndpointSpecs(std::vector<EndpointSpec>{said[0], {"b", 3, "y"}}));
}

}  // namespace
}  // namespace skiff
