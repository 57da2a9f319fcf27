#include "config/schema/jwt_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/schema/document_text.h"
#include "config/schema/snapshot.h"
#include "tests/support/made_jwt.h"
#include "tests/support/policies.h"
#include "tests/support/temporary_folder.h"

namespace skiff {
namespace {

using test::jwk_set;
using test::JwtSigner;
using test::p256_signer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string keys() { return jwk_set({p256_signer().jwk("a")}); }

// A policy at Service `a` with one provider of these fields.
std::string policy(const std::string& provider, const std::string& more = "",
                   const std::string& target = "{name: a}") {
  return "apiVersion: skiff.dev/v1\nkind: JWTPolicy\nmetadata: {name: p}\nspec:\n  targetRefs: [" +
         target + "]\n" + more + "  providers:\n    - {issuer: \"https://one.example\"" + provider +
         "}\n---\napiVersion: skiff.dev/v1\nkind: Service\nmetadata: {name: a}\n"
         "spec: {ports: [{port: 80}]}\n";
}

std::string inline_keys(const std::string& text) { return ", jwks: '" + text + "'"; }

TEST(JWTPolicy, IsReadFromItsExample) {
  const auto policies =
      test::read_policies(test::repository_file("config/examples/jwt.yaml")).resources.jwt_policies;
  ASSERT_EQ(policies.size(), 1U);
  const JWTPolicy& read = policies[0];
  EXPECT_TRUE(read.required);
  EXPECT_EQ(read.token_bytes.count, 8'192U);
  EXPECT_EQ(read.max_remembered, 1'024U);
  ASSERT_EQ(read.providers.size(), 1U);
  EXPECT_EQ(read.providers[0].issuer, "https://login.bank.example");
  EXPECT_THAT(read.providers[0].audiences, ElementsAre("teller"));
  EXPECT_THAT(read.providers[0].allowed(), ElementsAre(JwtAlgorithm::es256));
  EXPECT_EQ(read.providers[0].header, "authorization");
  EXPECT_EQ(read.providers[0].leeway, Milliseconds(30'000));
}

TEST(JWTPolicy, AllowsRs256AndEs256WhereNoneIsNamed) {
  EXPECT_THAT(JWTProvider{}.allowed(), ElementsAre(JwtAlgorithm::rs256, JwtAlgorithm::es256));
  JWTProvider named;
  named.algorithms = {JwtAlgorithm::hs512};
  EXPECT_THAT(named.allowed(), ElementsAre(JwtAlgorithm::hs512));
}

TEST(JWTPolicy, SaysItsKeysOnce) {
  EXPECT_THAT(test::errors_of(policy(inline_keys(keys()))), IsEmpty());
  EXPECT_THAT(test::errors_of(policy("")),
              ElementsAre(HasSubstr("7:7: spec.providers[0]: does not say its keys")));
  EXPECT_THAT(test::errors_of(policy(inline_keys(keys()) + ", jwksFile: k.json")),
              ElementsAre(HasSubstr("spec.providers[0]: has jwks and jwksFile")));
}

TEST(JWTPolicy, RefusesKeysThatAreWrong) {
  EXPECT_THAT(test::errors_of(policy(inline_keys("{}"))),
              ElementsAre(HasSubstr("spec.providers[0].jwks: is no JWK Set")));
  const std::string weak = jwk_set({JwtSigner::rsa(1'024).jwk("a")});
  EXPECT_THAT(test::errors_of(policy(inline_keys(weak))),
              ElementsAre(HasSubstr("keys[0] n has 1024 bits; expected 2048 to 8192")));
  EXPECT_THAT(test::errors_of(policy(", algorithms: [RS256]" + inline_keys(keys()))),
              ElementsAre(HasSubstr("has no key that fits the algorithms")));
}

TEST(JWTPolicy, ShowsNoSecret) {
  const std::string secret = jwk_set({JwtSigner::secret(std::string(32, 'k')).jwk("a")});
  EXPECT_THAT(test::errors_of(policy(", algorithms: [HS256]" + inline_keys(secret))),
              ElementsAre(HasSubstr("has a secret in it (kty oct), which a policy shows")));
  const std::string both =
      jwk_set({p256_signer().jwk("b"), JwtSigner::secret(std::string(32, 'k')).jwk("a")});
  EXPECT_THAT(test::errors_of(policy(inline_keys(both))),
              ElementsAre(HasSubstr("has a secret (kty oct), and algorithms has none of HS")));

  const test::TemporaryFolder folder;
  folder.write("p.yaml", policy(", algorithms: [HS256], jwksFile: keys/k.json"));
  folder.write("keys/k.json", secret);
  const auto read = load_resources({folder.path()});
  ASSERT_TRUE(read);
  EXPECT_EQ(read->jwt_policies[0].providers[0].key_text(), secret);
  EXPECT_THAT(to_text(*read), HasSubstr("jwksFile: keys/k.json"));
  EXPECT_THAT(to_text(*read), ::testing::Not(HasSubstr("oct")));
}

TEST(JWTPolicy, ReadsKeysBesideItsOwnFile) {
  const test::TemporaryFolder folder;
  folder.write("p.yaml", policy(", jwksFile: k.json"));
  EXPECT_THAT(load_resources({folder.path()}).error()[0].what,
              HasSubstr(R"("k.json" cannot be read: No such file)"));
  folder.write("k.json", "[]");
  const auto wrong = load_resources({folder.path()});
  EXPECT_EQ(wrong.error()[0].path, "spec.providers[0].jwksFile");
  EXPECT_EQ(wrong.error()[0].position.line, 7);
  EXPECT_THAT(wrong.error()[0].what, HasSubstr(R"("k.json" is no JWK Set: is no JSON object)"));
  folder.write("k.json", std::string(70'000, ' '));
  EXPECT_THAT(load_resources({folder.path()}).error()[0].what, HasSubstr("too large"));
  folder.write("k.json", keys());
  EXPECT_EQ(load_resources({folder.path()})->jwt_policies[0].providers[0].key_text(), keys());
}

TEST(JWTPolicy, NamesEachIssuerOnceAndNoPortOfAService) {
  const std::string twice =
      inline_keys(keys()) + "}\n    - {issuer: \"https://one.example\"" + inline_keys(keys());
  EXPECT_THAT(test::errors_of(policy(twice)),
              ElementsAre(HasSubstr("8:16: spec.providers[1].issuer: is the issuer of another")));
  EXPECT_THAT(test::errors_of(policy(inline_keys(keys()), "", "{name: a, sectionName: http}"))[0],
              HasSubstr("spec.targetRefs[0].sectionName: does not belong to kind Service"));
}

TEST(JWTPolicy, NamesSomethingThatIsThere) {
  EXPECT_THAT(test::errors_of(policy(inline_keys(keys()), "", "{name: b}")),
              ElementsAre(HasSubstr(R"(spec.targetRefs[0].name: there is no Service "b")")));
}

TEST(JWTPolicy, TellsAllThatIsWrongAtOnce) {
  const auto errors = test::errors_of(
      policy(", algorithms: [none], leeway: 1h, headr: x, jwks: '{}'", "  tokenBytes: 1MiB\n"));
  EXPECT_EQ(errors.size(), 4U);
}

}  // namespace
}  // namespace skiff
