#include "config/schema/jwk_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/made_jwt.h"

namespace skiff {
namespace {

using test::jwk_set;
using test::JwtSigner;
using test::p256_signer;
using test::rsa_signer;
using ::testing::HasSubstr;

std::string error_of(const std::string& text) {
  const auto keys = read_jwk_set(text);
  return keys ? "none" : keys.error();
}

std::string error_of_key(const std::string& key) { return error_of(jwk_set({key})); }

TEST(JwkSet, HasKeysOfRsaAndOfCurves) {
  const JwtSigner p384 = JwtSigner::curve("P-384");
  const JwtSigner p521 = JwtSigner::curve("P-521");
  const auto keys = read_jwk_set(
      jwk_set({rsa_signer().jwk("a", R"(,"alg":"RS384","use":"sig")"),
               p256_signer().jwk("b", R"(,"key_ops":["verify"])"), p384.jwk("c"), p521.jwk("d")}));
  ASSERT_TRUE(keys) << keys.error();
  ASSERT_EQ(keys->size(), 4U);
  EXPECT_EQ((*keys)[0].id, "a");
  EXPECT_EQ((*keys)[0].algorithm, JwtAlgorithm::rs384);
  EXPECT_EQ((*keys)[1].type, Jwk::Type::p256);
  EXPECT_EQ((*keys)[2].type, Jwk::Type::p384);
  EXPECT_EQ((*keys)[3].type, Jwk::Type::p521);
}

TEST(JwkSet, MakesTheKeyThatItSays) {
  const JwtSigner p521 = JwtSigner::curve("P-521");
  for (const JwtSigner* signer : {&rsa_signer(), &p256_signer(), &p521}) {
    const auto keys = read_jwk_set(jwk_set({signer->jwk("a")}));
    ASSERT_TRUE(keys) << keys.error();
    const KeyPtr key = make_key(keys->front(), nullptr);
    ASSERT_NE(key, nullptr);
    EXPECT_EQ(EVP_PKEY_eq(key.get(), &signer->key()), 1);
  }
}

TEST(JwkSet, LeavesOutWhatIsNotForSignatures) {
  const auto keys =
      read_jwk_set(jwk_set({R"({"kty":"RSA","use":"enc","alg":"RSA-OAEP","n":"AQ","e":"AQAB"})",
                            rsa_signer().jwk("a"), p256_signer().jwk("b", R"(,"key_ops":[])")}));
  ASSERT_TRUE(keys) << keys.error();
  ASSERT_EQ(keys->size(), 1U);
  EXPECT_EQ(keys->front().id, "a");
  EXPECT_EQ(error_of_key(rsa_signer().jwk("a", R"(,"use":"enc")")), "has no keys for signatures");
}

TEST(JwkSet, TakesNoPrivateKey) {
  for (const char* member : {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}) {
    const std::string more = std::string(",\"") + member + R"(":"AQAB")";
    EXPECT_EQ(
        error_of_key(rsa_signer().jwk("a", more)),
        std::string("keys[0] is private: it has ") + member + "; expected the public part only");
  }
  EXPECT_THAT(error_of_key(p256_signer().jwk("a", R"(,"d":"AQAB")")), HasSubstr("is private"));
}

TEST(JwkSet, TakesNoWeakKey) {
  EXPECT_EQ(error_of_key(JwtSigner::rsa(1'024).jwk("a")),
            "keys[0] n has 1024 bits; expected 2048 to 8192");
  EXPECT_THAT(error_of_key(JwtSigner::secret("short").jwk("a")),
              HasSubstr("k has 5 bytes; expected 32 to 1024"));
  std::string even = "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"";
  even += test::to_base64url("\x80" + std::string(255, '\0')) + "\"}";
  EXPECT_THAT(error_of_key(even), HasSubstr("no key of RSA"));
  std::string one = "{\"kty\":\"RSA\",\"e\":\"AQ\",\"n\":\"";
  one += test::to_base64url("\x80" + std::string(255, '\x01')) + "\"}";
  EXPECT_THAT(error_of_key(one), HasSubstr("no key of RSA"));
}

TEST(JwkSet, TakesNoPointBesideTheCurve) {
  const std::string coordinate = test::to_base64url(std::string(32, '\x05'));
  EXPECT_EQ(error_of_key(R"({"kty":"EC","crv":"P-256","x":")" + coordinate + R"(","y":")" +
                         coordinate + "\"}"),
            "keys[0] is none: its point is not on the curve");
  EXPECT_THAT(error_of_key(R"({"kty":"EC","crv":"P-256","x":"AQAB","y":"AQAB"})"),
              HasSubstr("x is too short or too long"));
  EXPECT_THAT(error_of_key(R"({"kty":"EC","crv":"secp256k1","x":"AQAB","y":"AQAB"})"),
              HasSubstr("expected P-256, P-384 or P-521"));
}

TEST(JwkSet, TakesNoKindThatItDoesNotKnow) {
  EXPECT_EQ(error_of_key(R"({"kty":"OKP","crv":"Ed25519","x":"AQAB"})"),
            R"(keys[0] kty is "OKP"; expected RSA, EC or oct)");
  EXPECT_THAT(error_of_key(rsa_signer().jwk("a", R"(,"alg":"none")")),
              HasSubstr(R"(alg is "none")"));
  EXPECT_THAT(error_of_key(rsa_signer().jwk("a", R"(,"alg":"ES256")")),
              HasSubstr("alg does not fit the key"));
}

TEST(JwkSet, TellsEachKeyByItsName) {
  EXPECT_EQ(error_of(jwk_set({rsa_signer().jwk("a"), p256_signer().jwk("a")})),
            R"(has two keys with kid "a")");
  const std::string nameless =
      R"({"kty":"oct","k":")" + test::to_base64url(std::string(32, 'k')) + "\"}";
  EXPECT_EQ(error_of(jwk_set({rsa_signer().jwk("a"), nameless})),
            "has several keys, one of them without kid");
  EXPECT_EQ(error_of(jwk_set({nameless})), "none");
  EXPECT_THAT(error_of_key(R"({"kid":7,"kty":"oct","k":")" +
                           test::to_base64url(std::string(32, 'k')) + "\"}"),
              HasSubstr("kid is no text"));
}

TEST(JwkSet, IsAListOfObjects) {
  EXPECT_THAT(error_of("{"), HasSubstr("is no JWK Set"));
  EXPECT_THAT(error_of("[]"), HasSubstr("is no JWK Set: is no JSON object"));
  EXPECT_THAT(error_of("{}"), HasSubstr("expected a list `keys` of 1 to 64"));
  EXPECT_THAT(error_of(R"({"keys":[]})"), HasSubstr("expected a list `keys` of 1 to 64"));
  EXPECT_THAT(error_of(R"({"keys":{"kty":"RSA"}})"), HasSubstr("expected a list"));
  EXPECT_THAT(error_of(R"({"keys":[1]})"), HasSubstr(R"(keys[0] kty is "")"));
  EXPECT_THAT(error_of(R"({"keys":[],"keys":[]})"), HasSubstr("duplicate"));
  std::string many = R"({"keys":[{})";
  for (int i = 0; i < 64; ++i) many += ",{}";
  EXPECT_THAT(error_of(many + "]}"), HasSubstr("expected a list `keys` of 1 to 64"));
}

TEST(JwkSet, KnowsWhichAlgorithmFitsWhichKey) {
  const auto fitting = [](const JwtSigner& signer, const char* more = "") {
    const auto keys = read_jwk_set(jwk_set({signer.jwk("a", more)}));
    std::string names;
    for (std::size_t i = 0; i < jwt_algorithm_count; ++i)
      if (fits(static_cast<JwtAlgorithm>(i), keys->front()))
        names += std::string(jwt_algorithm_names()[i]) + " ";
    return names;
  };
  EXPECT_EQ(fitting(rsa_signer()), "RS256 RS384 RS512 ");
  EXPECT_EQ(fitting(rsa_signer(), R"(,"alg":"RS512")"), "RS512 ");
  EXPECT_EQ(fitting(p256_signer()), "ES256 ");
  EXPECT_EQ(fitting(JwtSigner::curve("P-384")), "ES384 ");
  EXPECT_EQ(fitting(JwtSigner::curve("P-521")), "ES512 ");
  EXPECT_EQ(fitting(JwtSigner::secret(std::string(32, 'k'))), "HS256 ");
  EXPECT_EQ(fitting(JwtSigner::secret(std::string(64, 'k'))), "HS256 HS384 HS512 ");
}

}  // namespace
}  // namespace skiff
