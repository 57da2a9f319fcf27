#include "config/schema/shape_reader.h"

#include <gtest/gtest.h>

#include "config/schema/traffic_policy.h"

namespace skiff {
namespace {

// Reads the text as load balancing; returns what is wrong.
std::vector<std::string> read(const std::string& text, LoadBalancingConfig& config) {
  Violations violations;
  YamlFile file("f", text);
  const YamlNode* root = file.next(violations);
  read_object(*shape_of<LoadBalancingConfig>(), *root, "f", &config, violations);
  std::vector<std::string> texts;
  for (const Violation& violation : violations) texts.push_back(to_text(violation));
  return texts;
}

TEST(ReadObject, FillsInWhatIsSaidAndLeavesTheRest) {
  LoadBalancingConfig config;
  EXPECT_TRUE(
      read("algorithm: RING_HASH\nhashKey: {type: Header, name: x-user}\n", config).empty());
  EXPECT_EQ(config.algorithm, LoadBalancingConfig::Algorithm::ring_hash);
  EXPECT_EQ(config.hash_key.type, HashKey::Type::header);
  EXPECT_EQ(config.hash_key.name, "x-user");
  EXPECT_EQ(config.zone_spill, Ratio{0.72});
}

TEST(ReadObject, TellsAllThatIsWrong) {
  LoadBalancingConfig config;
  const std::vector<std::string> expected = {
      "f:1:1: algoritm: unknown field; did you mean \"algorithm\"?",
      "f:2:8: decay: \"5\" has no unit; expected a duration such as 250ms or 1m30s, 1ms to 1h",
      "f:3:17: hashKey.name: is a list; expected a header name: letters, digits and "
      "!#$%&'*+-.^_`|~"};
  EXPECT_EQ(read("algoritm: RANDOM\ndecay: 5\nhashKey: {name: []}\n", config), expected);
}

TEST(ReadObject, KnowsTheVariantByItsDefaultToo) {
  LoadBalancingConfig config;
  EXPECT_TRUE(read("decay: 5s\n", config).empty()) << "P2C_EWMA is the default";
  EXPECT_EQ(read("algorithm: RANDOM\ndecay: 5s\n", config),
            std::vector<std::string>{
                "f:2:1: decay: does not belong to algorithm RANDOM; expected algorithm P2C_EWMA"});
}

TEST(Expectation, TellsTheBoundsOfLists) {
  const Type& statuses = shape_of<HealthCheckConfig>()->find("expectedStatuses")->type;
  EXPECT_EQ(expectation(statuses), "a list of 1 to 100");
  EXPECT_EQ(expectation(statuses.leaf()), "an integer, 100 to 599");
}

}  // namespace
}  // namespace skiff
