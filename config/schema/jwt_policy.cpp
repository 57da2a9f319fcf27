#include "config/schema/jwt_policy.h"

#include <algorithm>
#include <filesystem>

#include "config/schema/each_once.h"
#include "config/schema/files.h"
#include "config/schema/item_path.h"
#include "config/schema/jwk_set.h"
#include "config/schema/resource_shape.h"

namespace skiff {
namespace {

using JwkSet = Result<std::vector<Jwk>, std::string>;

bool is_secret(const Jwk& key) { return key.type == Jwk::Type::secret; }

// What is wrong with the keys of a provider; empty: nothing.
std::string problem_of_keys(const JWTProvider& provider, const JwkSet& keys) {
  if (!keys) return keys.error();
  const std::vector<JwtAlgorithm> allowed = provider.allowed();
  const auto is_of_use = [&](const Jwk& key) {
    return std::ranges::any_of(allowed, [&](JwtAlgorithm each) { return fits(each, key); });
  };
  if (std::ranges::none_of(*keys, is_of_use)) return "has no key that fits the algorithms";
  if (std::ranges::any_of(*keys, [&](const Jwk& key) { return is_secret(key) && !is_of_use(key); }))
    return "has a secret (kty oct), and algorithms has none of HS that it is long enough for";
  return {};
}

void check_provider(const JWTProvider& provider, const Complain& complain) {
  if (provider.jwks.empty() == provider.jwks_file.empty()) {
    return complain("", provider.jwks.empty() ? "does not say its keys" : "has jwks and jwksFile",
                    "jwks or jwksFile");
  }
  if (provider.jwks.empty()) return;
  const JwkSet keys = read_jwk_set(provider.jwks);
  std::string problem = problem_of_keys(provider, keys);
  if (!problem.empty()) return complain("jwks", std::move(problem), "");
  if (std::ranges::any_of(*keys, is_secret))
    complain("jwks", "has a secret in it (kty oct), which a policy shows", "jwksFile");
}

void check_policy(const JWTPolicy& policy, const Complain& complain) {
  check_each_once(
      policy.providers, &JWTProvider::issuer,
      {"providers", "issuer", "is the issuer of another provider too", "each issuer once"},
      complain);
  for (std::size_t i = 0; i < policy.target_refs.size(); ++i) {
    const ObjectRef& ref = policy.target_refs[i];
    if (ref.kind != "Service" || ref.section_name.empty()) continue;
    complain(item("targetRefs", i, "sectionName"), "does not belong to kind Service",
             "no sectionName: the policy is for all of its ports");
  }
}

Shape describe_spec() {
  Shape shape = Shape::of<JWTPolicy>("Whose tokens callers must have.");
  shape
      .field("targetRefs", &JWTPolicy::target_refs,
             "For what. A Service: asked where its requests arrive, by its own sidecar. A route: "
             "where it is evaluated. A Gateway: for all that it takes.")
      .shaped(describe_token_target_ref())
      .items(1, 16)
      .required();
  shape
      .field("providers", &JWTPolicy::providers,
             "Who signs tokens. A token is for the one whose issuer it names.")
      .items(1, 8)
      .required();
  shape.field("required", &JWTPolicy::required,
              "Whether who has no token is refused (401 jwt_missing). A bad token always is.");
  shape.field("tokenBytes", &JWTPolicy::token_bytes, "The longest token.")
      .range(Bytes{256}, Bytes{64 * 1'024});
  shape
      .field("maxRemembered", &JWTPolicy::max_remembered,
             "How many verified tokens each worker remembers until they expire, so that their "
             "signatures need not be checked again; the least recently used goes. Besides, an "
             "eighth as many refused ones. 0: none.")
      .range(0, 100'000);
  shape.check(&check_policy);
  return shape;
}

}  // namespace

std::vector<std::string_view> jwt_algorithm_names() {
  return {"RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "HS256", "HS384", "HS512"};
}

std::vector<JwtAlgorithm> JWTProvider::allowed() const {
  if (!algorithms.empty()) return algorithms;
  return {JwtAlgorithm::rs256, JwtAlgorithm::es256};
}

Shape describe(Of<JWTProvider>) {
  Shape shape = Shape::of<JWTProvider>("Who signs tokens, and how that is proved.");
  shape.field("issuer", &JWTProvider::issuer, "The token's iss, exactly.")
      .obeys(text_rules::any)
      .required();
  shape
      .field("audiences", &JWTProvider::audiences,
             "One of these must be in the token's aud. Left out: aud is not looked at.")
      .obeys(text_rules::any)
      .items(1, 16);
  shape
      .field("algorithms", &JWTProvider::algorithms,
             "The token's alg must be one of these, and fit the key. Left out: RS256 and ES256.")
      .one_of(jwt_algorithm_names())
      .items(1, jwt_algorithm_count);
  shape.field("jwks", &JWTProvider::jwks,
              "The public keys: a JWK Set (RFC 7517), as JSON in a text.");
  shape
      .field("jwksFile", &JWTProvider::jwks_file,
             "A file with the keys instead, relative to the folder of this file. It is read with "
             "the policies; in their folder, its own change is noticed at once.")
      .obeys(text_rules::file_path);
  shape
      .field(
          "header", &JWTProvider::header,
          "In which the token stands. In authorization it stands behind Bearer, in others alone.")
      .obeys(text_rules::header_name);
  shape.field("leeway", &JWTProvider::leeway, "By how much clocks may differ, for exp and nbf.")
      .range(Milliseconds(0), std::chrono::minutes(10));
  shape.position(&JWTProvider::position);
  shape.check(&check_provider);
  return shape;
}

Shape describe(Of<JWTPolicy>) {
  return describe_resource<JWTPolicy>("JWTPolicy", {"skiff.dev/v1"},
                                      "Asks callers for a token (JWT) that somebody signed.",
                                      describe_spec());
}

void read_key_files(std::vector<JWTPolicy>& policies, Violations& violations) {
  namespace fs = std::filesystem;
  for (JWTPolicy& policy : policies) {
    for (std::size_t i = 0; i < policy.providers.size(); ++i) {
      JWTProvider& provider = policy.providers[i];
      if (provider.jwks_file.empty()) continue;
      const fs::path folder = fs::path(provider.position.file.text()).parent_path();
      auto read = read_file((folder / provider.jwks_file).string(), jwk_set_bytes);
      std::string problem =
          read ? problem_of_keys(provider, read_jwk_set(*read)) : read.error().what;
      if (problem.empty()) {
        provider.file_text = std::move(*read);
      } else {
        violations.push_back({.position = provider.position,
                              .path = item("spec.providers", i, "jwksFile"),
                              .what = in_quotes(provider.jwks_file) + " " + problem,
                              .expected = {},
                              .suggestion = {}});
      }
    }
  }
}

}  // namespace skiff
