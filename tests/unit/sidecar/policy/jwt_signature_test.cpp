#include "sidecar/policy/jwt_signature.h"

#include <gtest/gtest.h>
#include <openssl/err.h>

#include "base/base64url.h"
#include "config/schema/jwk_set.h"
#include "sidecar/transport/tls_library.h"
#include "tests/support/made_jwt.h"

namespace skiff {
namespace {

using test::JwtSigner;
using enum JwtAlgorithm;

constexpr std::string_view payload = R"({"iss":"i","exp":100})";

// A key as a policy has it.
KeyPtr key_of(const JwtSigner& signer) {
  const auto keys = read_jwk_set(test::jwk_set({signer.jwk("a")}));
  return make_key(keys->front(), tls_library());
}

bool holds(JwtAlgorithm algorithm, EVP_PKEY& key, const std::string& token) {
  const std::size_t dot = token.rfind('.');
  return holds_signature(algorithm, key, std::string_view(token).substr(0, dot),
                         *from_base64url(std::string_view(token).substr(dot + 1)));
}

struct Pair {
  JwtAlgorithm algorithm;
  JwtSigner signer;
};

std::vector<Pair> all_pairs() {
  std::vector<Pair> pairs;
  for (const JwtAlgorithm each : {rs256, rs384, rs512}) pairs.push_back({each, JwtSigner::rsa()});
  pairs.push_back({es256, JwtSigner::curve("P-256")});
  pairs.push_back({es384, JwtSigner::curve("P-384")});
  pairs.push_back({es512, JwtSigner::curve("P-521")});
  for (const JwtAlgorithm each : {hs256, hs384, hs512})
    pairs.push_back({each, JwtSigner::secret(std::string(64, 'k'))});
  return pairs;
}

TEST(JwtSignature, HoldsForWhatTheKeySigned) {
  for (const Pair& pair : all_pairs()) {
    const KeyPtr key = key_of(pair.signer);
    const std::string_view name = jwt_algorithm_names()[static_cast<std::size_t>(pair.algorithm)];
    const std::string token = pair.signer.token(pair.algorithm, "a", payload);
    EXPECT_TRUE(holds(pair.algorithm, *key, token)) << name;
    EXPECT_TRUE(test::is_taken_by_libjwt(pair.signer, token)) << name;
    const std::string other = test::made_by_libjwt(pair.signer, pair.algorithm, "a", payload);
    EXPECT_TRUE(holds(pair.algorithm, *key, other)) << name << ", made by libjwt";
  }
}

TEST(JwtSignature, HoldsForNothingElse) {
  for (const Pair& pair : all_pairs()) {
    const KeyPtr key = key_of(pair.signer);
    const std::string token = pair.signer.token(pair.algorithm, "a", payload);
    const std::size_t dot = token.rfind('.');
    const std::string bytes = *from_base64url(token.substr(dot + 1));
    const auto with = [&](const std::string& signature) {
      return token.substr(0, dot + 1) + test::to_base64url(signature);
    };
    std::string changed = bytes;
    changed.back() = static_cast<char>(changed.back() ^ 1);
    for (const std::string& signature :
         {changed, std::string(), bytes.substr(1), bytes + '\0', std::string(bytes.size(), '\0'),
          std::string(bytes.size(), '\xff')})
      EXPECT_FALSE(holds(pair.algorithm, *key, with(signature)));
    EXPECT_FALSE(holds(pair.algorithm, *key, "x" + token)) << "another text";
  }
}

TEST(JwtSignature, HoldsForTheHashOfItsAlgorithmOnly) {
  const KeyPtr key = key_of(test::rsa_signer());
  const std::string token = test::rsa_signer().token(rs256, "a", payload);
  EXPECT_FALSE(holds(rs384, *key, token));
  const JwtSigner secret = JwtSigner::secret(std::string(64, 'k'));
  EXPECT_FALSE(holds(hs512, *key_of(secret), secret.token(hs256, "a", payload)));
}

TEST(JwtSignature, OfACurveIsTwoNumbersAndNotDer) {
  const JwtSigner& signer = test::p256_signer();
  const KeyPtr key = key_of(signer);
  const std::string token = signer.token(es256, "a", payload);
  const std::size_t dot = token.rfind('.');
  const std::string bytes = *from_base64url(token.substr(dot + 1));
  ASSERT_EQ(bytes.size(), 64U);
  const std::string swapped = bytes.substr(32) + bytes.substr(0, 32);
  EXPECT_TRUE(holds_signature(es256, *key, token.substr(0, dot), bytes));
  EXPECT_FALSE(holds_signature(es256, *key, token.substr(0, dot), swapped));
}

TEST(JwtSignature, LeavesNoErrorBehind) {
  ERR_clear_error();
  const KeyPtr key = key_of(test::rsa_signer());
  EXPECT_FALSE(holds(rs256, *key, "e30.e30.AAAA"));
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST(JwtSignature, KnowsTheHashOfAToken) {
  const TokenHash hash = hash_of_token("abc");
  EXPECT_EQ(hash[0], 0xba);  // FIPS 180-2, B.1.
  EXPECT_EQ(hash[31], 0xad);
}

}  // namespace
}  // namespace skiff
