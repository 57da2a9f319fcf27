#include "config/schema/snapshot.h"

#include <gtest/gtest.h>

#include "tests/support/policies.h"
#include "tests/support/temporary_folder.h"

namespace skiff {
namespace {

std::string service(const std::string& name, const std::string& spec = "") {
  return "apiVersion: skiff.dev/v1\nkind: Service\nmetadata: {name: " + name +
         "}\nspec:\n  ports: [{port: 80}]\n" + spec;
}

TEST(CheckTogether, LetsTheSameNameBeInTwoNamespacesAndKinds) {
  std::string other = service("a");
  other.replace(other.find("name: a"), 7, "name: a, namespace: other");
  const std::string gateway =
      "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: a}\n"
      "spec: {listeners: [{name: http, port: 80, protocol: HTTP}]}\n";
  EXPECT_EQ(test::errors_of(service("a") + "---\n" + other + "---\n" + gateway),
            std::vector<std::string>{});
}

TEST(CheckTogether, TellsEveryDuplicate) {
  EXPECT_EQ(test::errors_of(service("a") + "---\n" + service("a") + "---\n" + service("a")).size(),
            2U);
  EXPECT_EQ(test::errors_of(service("a", "  hosts: [x.example, y.example]\n") + "---\n" +
                            service("b", "  hosts: [x.example, y.example]\n"))
                .size(),
            2U);
}

TEST(LoadResources, ChecksEachFileAndAllTogether) {
  const test::TemporaryFolder folder;
  folder.write("a.yaml", service("a"));
  folder.write("b.yaml", service("b"));
  EXPECT_EQ(load_resources({folder.path()})->services.size(), 2U);
  folder.write("b.yaml", service("a"));
  const auto twice = load_resources({folder.path()});
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error()[0].position.file.text(), folder.path() + "/b.yaml");
  folder.write("b.yaml", "kind: x\n");
  EXPECT_FALSE(load_resources({folder.path()}));
}

}  // namespace
}  // namespace skiff
