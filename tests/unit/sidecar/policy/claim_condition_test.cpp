#include "sidecar/policy/claim_condition.h"

#include <gtest/gtest.h>

#include <vector>

namespace skiff {
namespace {

using Form = TokenClaim::Form;

ClaimCondition exactly(std::string value) { return ClaimCondition({"role", value, {}, {}, {}}); }
ClaimCondition like(std::string regex) { return ClaimCondition({"role", {}, regex, {}, {}}); }
ClaimCondition there(bool is_there) { return ClaimCondition({"role", {}, {}, is_there, {}}); }

// What a condition is of a token with these claims, where it knows.
bool holds(const ClaimCondition& condition, const std::vector<TokenClaim>& said) {
  const TokenClaims claims{"issuer", said};
  const bool held = condition.holds(&claims, false);
  EXPECT_EQ(held, condition.holds(&claims, true));
  return held;
}

bool is_unknown(const ClaimCondition& condition, const TokenClaims* claims) {
  return condition.holds(claims, true) && !condition.holds(claims, false);
}

const std::vector<TokenClaim> admin = {{"sub", "ann"}, {"role", "admin"}};
const std::vector<TokenClaim> several = {
    {"role", "", Form::list}, {"role", "user", Form::item}, {"role", "admin", Form::item}};
const std::vector<TokenClaim> empty_list = {{"role", "", Form::list}};
const std::vector<TokenClaim> other = {{"role", "", Form::other}};

TEST(ClaimCondition, ComparesTheValue) {
  EXPECT_TRUE(holds(exactly("admin"), admin));
  EXPECT_TRUE(holds(like("adm.*"), admin));
  EXPECT_FALSE(holds(exactly("ann"), admin)) << "it is another claim's";
  EXPECT_FALSE(holds(like("adm"), admin));
}

TEST(ClaimCondition, IsContentWithOneItemOfAList) {
  EXPECT_TRUE(holds(exactly("user"), several));
  EXPECT_TRUE(holds(exactly("admin"), several));
  EXPECT_TRUE(holds(like("a.*"), several));
  EXPECT_FALSE(holds(exactly("root"), several));
  EXPECT_FALSE(holds(exactly("user,admin"), several));
  EXPECT_FALSE(holds(exactly(""), empty_list)) << "a list is no text";
  EXPECT_FALSE(holds(like(".*"), empty_list));
}

TEST(ClaimCondition, KnowsWhatAVerifiedTokenDoesNotHave) {
  const std::vector<TokenClaim> none;
  EXPECT_FALSE(holds(exactly(""), none));
  EXPECT_FALSE(holds(like(".*"), none));
  EXPECT_TRUE(holds(there(false), none));
  EXPECT_FALSE(holds(there(true), none));
}

TEST(ClaimCondition, KnowsWhatIsThereWhateverItIs) {
  for (const auto& said : {admin, several, empty_list, other}) {
    EXPECT_TRUE(holds(there(true), said));
    EXPECT_FALSE(holds(there(false), said));
  }
}

TEST(ClaimCondition, KnowsNothingOfWhatItCannotCompare) {
  const TokenClaims claims{"issuer", other};
  EXPECT_TRUE(is_unknown(exactly("admin"), &claims));
  EXPECT_TRUE(is_unknown(like(".*"), &claims));
}

TEST(ClaimCondition, KnowsNothingWithoutAToken) {
  EXPECT_TRUE(is_unknown(exactly("admin"), nullptr));
  EXPECT_TRUE(is_unknown(like(".*"), nullptr));
  EXPECT_TRUE(is_unknown(there(true), nullptr));
  EXPECT_TRUE(is_unknown(there(false), nullptr));
}

}  // namespace
}  // namespace skiff
