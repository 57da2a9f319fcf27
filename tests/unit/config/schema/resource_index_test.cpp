#include "config/schema/resource_index.h"

#include <gtest/gtest.h>

namespace skiff {
namespace {

Service service(const std::string& ns, const std::string& name) {
  Service result;
  result.metadata.name = name;
  result.metadata.ns = ns;
  return result;
}

TEST(ResourceIndex, FindsByNamespaceAndName) {
  Resources resources;
  resources.services = {service("shop", "product"), service("default", "product"),
                        service("default", "user")};
  const ResourceIndex index(resources);
  EXPECT_EQ(index.service("shop", "product"), &resources.services[0]);
  EXPECT_EQ(index.service("default", "product"), &resources.services[1]);
  EXPECT_EQ(index.service("shop", "user"), nullptr);
  EXPECT_EQ(index.gateway("shop", "product"), nullptr);
  EXPECT_EQ(index.http_route("shop", "product"), nullptr);
}

TEST(ResourceIndex, SuggestsOnlyFromTheSameKindAndNamespace) {
  Resources resources;
  resources.services = {service("shop", "product"), service("default", "user")};
  const ResourceIndex index(resources);
  EXPECT_EQ(index.suggest("Service", "shop", "produkt"), "product");
  EXPECT_EQ(index.suggest("Service", "default", "produkt"), "");
  EXPECT_EQ(index.suggest("Gateway", "shop", "produkt"), "");
}

}  // namespace
}  // namespace skiff
