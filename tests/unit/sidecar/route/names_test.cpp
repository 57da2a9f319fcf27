#include "sidecar/route/names.h"

#include <gtest/gtest.h>

namespace skiff {
namespace {

TEST(Names, AHostnameCoversItselfAndAWildcardAllBelowIt) {
  struct Case {
    const char* hostname;
    const char* host;
    bool covered;
  };
  const Case cases[] = {
      {"", "a.example.com", true},
      {"*", "a.example.com", true},
      {"a.example.com", "a.example.com", true},
      {"a.example.com", "b.example.com", false},
      {"a.example.com", "*.example.com", false},
      {"*.example.com", "a.example.com", true},
      {"*.example.com", "a.b.example.com", true},
      {"*.example.com", "example.com", false},
      {"*.example.com", ".example.com", false},
      {"*.example.com", "badexample.com", false},
      {"*.example.com", "*.example.com", true},
      {"*.example.com", "*.a.example.com", true},
      {"*.a.example.com", "*.example.com", false},
  };
  for (const Case& c : cases)
    EXPECT_EQ(covers(c.hostname, c.host), c.covered) << c.hostname << " " << c.host;
}

TEST(Names, HostnamesOverlapWhereOneCoversTheOther) {
  EXPECT_TRUE(overlap("", ""));
  EXPECT_TRUE(overlap("a.example.com", ""));
  EXPECT_TRUE(overlap("A.example.com", "*.Example.com"));
  EXPECT_TRUE(overlap("*.example.com", "*.a.example.com"));
  EXPECT_FALSE(overlap("*.a.example.com", "*.b.example.com"));
  EXPECT_FALSE(overlap("a.example.com", "b.example.com"));
}

Metadata made(std::string name, std::string ns, std::string created) {
  Metadata metadata;
  metadata.name = std::move(name);
  metadata.ns = std::move(ns);
  metadata.creation_timestamp = std::move(created);
  return metadata;
}

TEST(Names, TheOlderComesFirstThenTheNamespaceThenTheName) {
  const Metadata old = made("z", "z", "2024-01-01T00:00:00Z");
  const Metadata young = made("a", "a", "2025-01-01T00:00:00Z");
  EXPECT_TRUE(comes_before(old, young));
  EXPECT_FALSE(comes_before(young, old));
  EXPECT_TRUE(comes_before(young, made("a", "a", ""))) << "without a time: the youngest";
  EXPECT_TRUE(comes_before(made("z", "a", ""), made("a", "b", "")));
  EXPECT_TRUE(comes_before(made("a", "a", ""), made("b", "a", "")));
  EXPECT_FALSE(comes_before(old, old));
}

}  // namespace
}  // namespace skiff
