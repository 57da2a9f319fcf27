#include "sidecar/policy/jwt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "sidecar/http/token_claims.h"
#include "tests/support/made_jwt.h"
#include "tests/support/recording_reply.h"

namespace skiff {
namespace {

using test::jwk_set;
using test::JwtSigner;
using test::p256_signer;
using test::rsa_signer;
using ::testing::HasSubstr;
using enum JwtAlgorithm;

// Seconds since 1970; tokens of these tests expire at 1'000.
WallSeconds at(std::int64_t seconds) { return WallSeconds(std::chrono::seconds(seconds)); }

std::string claims_of(std::string_view sub, std::string_view more = "") {
  return R"({"iss":"one","exp":1000,"sub":")" + std::string(sub) + "\"" + std::string(more) + "}";
}

JWTProvider provider(const std::string& issuer, const std::string& keys) {
  JWTProvider made;
  made.issuer = issuer;
  made.jwks = keys;
  return made;
}

// A policy with issuer `one`, who has a key of RSA `r` and one of P-256 `e`.
JWTPolicy policy() {
  JWTPolicy made;
  made.metadata.name = "p";
  made.providers.push_back(
      provider("one", jwk_set({rsa_signer().jwk("r"), p256_signer().jwk("e")})));
  return made;
}

using Fields = std::vector<std::pair<std::string, std::string>>;

// One worker's, and what it counted.
class Gate final {
 public:
  explicit Gate(const JWTPolicy& policy, std::vector<std::string> claims = {"sub", "n"})
      : jwt_(std::make_shared<const JwtRules>(policy, std::move(claims)), counts()) {}

  // The reason, or the claim `sub`; `-` where there is none.
  std::string ask(const Fields& fields, WallSeconds now = at(500)) {
    exchange.finish({});
    exchange.client_identity = identity;
    for (const auto& [name, value] : fields)
      exchange.request.headers.add(exchange.arena, exchange.arena.copy(name),
                                   exchange.arena.copy(value));
    RecordingReply reply;
    if (!jwt_.lets_through(exchange, reply, now)) {
      EXPECT_EQ(exchange.claims, nullptr);
      last = reply.errors.at(0);
      return std::string(about(last.kind).reason);
    }
    EXPECT_TRUE(reply.errors.empty());
    if (exchange.claims == nullptr) return "-";
    const TokenClaim* const sub = exchange.claims->find("sub");
    return sub == nullptr ? "" : std::string(sub->value);
  }
  std::string bearer(const std::string& token, WallSeconds now = at(500)) {
    return ask({{"authorization", "Bearer " + token}}, now);
  }

  // As after a change of the policies.
  void follow(Gate& before) { jwt_.take_memory_of(before.jwt_); }

  std::uint64_t count(std::size_t i) const { return cells_[i]; }
  std::uint64_t signatures() const { return cells_.back(); }

  Exchange exchange;
  Error last;
  std::string identity;  // The caller's.

 private:
  JwtCounts counts() {
    JwtCounts made{.valid = &cells_[0], .none = &cells_[1], .refused = {}, .signatures = nullptr};
    for (std::size_t i = 0; i < made.refused.size(); ++i) made.refused[i] = &cells_[i + 2];
    made.signatures = &cells_.back();
    return made;
  }

  std::array<std::atomic<std::uint64_t>, 12> cells_{};
  Jwt jwt_;
};

std::string with_header(const std::string& header) {
  return rsa_signer().sign(rs256, header, claims_of("eve"));
}

TEST(Jwt, LetsThroughWhoHasAGoodToken) {
  Gate gate(policy());
  EXPECT_EQ(gate.bearer(rsa_signer().token(rs256, "r", claims_of("ann"))), "ann");
  EXPECT_EQ(gate.exchange.claims->issuer, "one");
  EXPECT_EQ(gate.bearer(p256_signer().token(es256, "e", claims_of("ben"))), "ben");
  EXPECT_EQ(
      gate.ask({{"Authorization", "bEaReR   " + rsa_signer().token(rs256, "r", claims_of("cem"))}}),
      "cem");
  EXPECT_EQ(gate.bearer(test::made_by_libjwt(rsa_signer(), rs256, "r", claims_of("dan"))), "dan");
  EXPECT_EQ(gate.count(0), 4U);
}

TEST(Jwt, AsksForAToken) {
  Gate gate(policy());
  EXPECT_EQ(gate.ask({}), "jwt_missing");
  EXPECT_TRUE(gate.last.unprocessed);
  const Field* const field = gate.last.answer->fields->find("www-authenticate");
  ASSERT_NE(field, nullptr);
  EXPECT_EQ(field->value(), "Bearer");
  EXPECT_EQ(gate.ask({{"authorization", "Basic YTpi"}}), "jwt_missing");
  EXPECT_EQ(gate.ask({{"x-authorization", "Bearer x"}}), "jwt_missing");
  EXPECT_EQ(gate.count(2), 3U);
  EXPECT_EQ(gate.exchange.marks.policy, "default/p");
}

TEST(Jwt, LetsWhoHasNoneGoOnWithoutClaimsWhereNoneIsRequired) {
  JWTPolicy free = policy();
  free.required = false;
  Gate gate(free);
  EXPECT_EQ(gate.ask({}), "-");
  EXPECT_EQ(gate.ask({{"authorization", "Basic YTpi"}}), "-");
  EXPECT_EQ(gate.count(1), 2U);
  EXPECT_EQ(gate.bearer("x"), "jwt_malformed") << "a bad one is refused all the same";
  EXPECT_EQ(gate.bearer(""), "jwt_malformed");
}

TEST(Jwt, SaysThatTheTokenIsBadAndNothingOfIt) {
  Gate gate(policy());
  EXPECT_EQ(gate.bearer("abc.def.ghi"), "jwt_malformed");
  EXPECT_EQ(gate.last.answer->fields->find("www-authenticate")->value(),
            R"(Bearer error="invalid_token")");
  EXPECT_THAT(std::string(gate.last.detail), Not(HasSubstr("abc")));
  EXPECT_EQ(gate.last.policy, "") << "strangers are not told";
}

TEST(Jwt, TellsCallersOfTheMeshWhichPolicyRefused) {
  Gate gate(policy());
  gate.identity = "spiffe://shop/ns/a/sa/b";
  EXPECT_EQ(gate.ask({}), "jwt_missing");
  EXPECT_EQ(gate.last.policy, "default/p");
}

// ---- C35: RFC 8725, 2 and 3

TEST(Jwt, TakesNoTokenThatNobodySigned) {
  Gate gate(policy());
  for (const char* name : {"none", "None", "NONE", "nOnE", ""}) {
    const std::string header = std::string(R"({"alg":")") + name + R"(","kid":"r"})";
    EXPECT_EQ(gate.bearer(test::unsigned_jwt(header, claims_of("eve")) + "."), "jwt_algorithm");
    EXPECT_EQ(gate.bearer(with_header(header)), "jwt_algorithm") << name;
  }
  EXPECT_EQ(gate.bearer(test::unsigned_jwt(R"({"alg":"RS256","kid":"r"})", claims_of("eve")) + "."),
            "jwt_signature");
  EXPECT_EQ(gate.signatures(), 1U);
}

TEST(Jwt, TakesNoPublicKeyForASecret) {
  const JwtSigner forger = JwtSigner::secret(rsa_signer().public_key());
  const std::string forged = forger.token(hs256, "r", claims_of("eve"));
  EXPECT_TRUE(test::is_taken_by_libjwt(rsa_signer(), forged)) << "which is why it is not asked";
  Gate gate(policy());
  EXPECT_EQ(gate.bearer(forged), "jwt_algorithm");

  JWTPolicy both = policy();
  both.providers[0].algorithms = {rs256, hs256};
  both.providers[0].jwks =
      jwk_set({rsa_signer().jwk("r"), JwtSigner::secret(std::string(32, 'k')).jwk("s")});
  Gate mixed(both);
  EXPECT_EQ(mixed.bearer(forged), "jwt_key") << "the key is one of RSA";
  EXPECT_EQ(
      mixed.bearer(JwtSigner::secret(std::string(32, 'k')).token(hs256, "s", claims_of("ann"))),
      "ann");
  EXPECT_EQ(
      mixed.bearer(JwtSigner::secret(std::string(32, 'k')).token(hs256, "r", claims_of("eve"))),
      "jwt_key");
}

TEST(Jwt, TakesOnlyAlgorithmsThatAreNamed) {
  Gate gate(policy());
  EXPECT_EQ(gate.bearer(rsa_signer().token(rs512, "r", claims_of("eve"))), "jwt_algorithm");
  EXPECT_EQ(gate.bearer(with_header(R"({"alg":"rs256","kid":"r"})")), "jwt_algorithm");
  EXPECT_EQ(gate.bearer(with_header(R"({"alg":"ES256","kid":"r"})")), "jwt_key")
      << "named, but not for this key";
  JWTPolicy one = policy();
  one.providers[0].jwks = jwk_set({rsa_signer().jwk("r", R"(,"alg":"RS512")")});
  one.providers[0].algorithms = {rs256, rs512};
  Gate bound(one);
  EXPECT_EQ(bound.bearer(rsa_signer().token(rs256, "r", claims_of("eve"))), "jwt_key");
  EXPECT_EQ(bound.bearer(rsa_signer().token(rs512, "r", claims_of("ann"))), "ann");
}

TEST(Jwt, FindsTheKeyByItsExactNameAndNothingElse) {
  Gate gate(policy());
  for (const char* kid : {"x", "R", "", "r ", "../r", "/dev/null", "../../etc/passwd",
                          "https://evil.example/key", "r' OR '1'='1", "|id", "keys[0]"}) {
    EXPECT_EQ(gate.bearer(rsa_signer().token(rs256, kid, claims_of("eve"))), "jwt_key") << kid;
  }
  EXPECT_EQ(gate.bearer(with_header(R"({"alg":"RS256"})")), "jwt_key") << "there are two keys";
  EXPECT_EQ(gate.signatures(), 0U);
  JWTPolicy one = policy();
  one.providers[0].jwks = jwk_set({rsa_signer().jwk("r")});
  Gate only(one);
  EXPECT_EQ(only.bearer(with_header(R"({"alg":"RS256"})")), "eve") << "there is one key";
  EXPECT_EQ(only.bearer(rsa_signer().token(rs256, "x", claims_of("eve"))), "jwt_key");
}

TEST(Jwt, TakesNoKeyFromTheToken) {
  Gate gate(policy());
  const JwtSigner forger = JwtSigner::rsa();
  const std::string own = forger.jwk("r");
  for (const std::string& more :
       {std::string(R"("jku":"https://evil.example/keys")"), "\"jwk\":" + own,
        std::string(R"("x5u":"https://evil.example/cert")"), std::string(R"("x5c":["MIIB"])")}) {
    const std::string header = R"({"alg":"RS256","kid":"r",)" + more + "}";
    EXPECT_EQ(gate.bearer(forger.sign(rs256, header, claims_of("eve"))), "jwt_key") << more;
    EXPECT_EQ(gate.bearer(with_header(header)), "jwt_key") << "also where the signature is right";
  }
  EXPECT_EQ(gate.bearer(forger.token(rs256, "r", claims_of("eve"))), "jwt_signature");
}

TEST(Jwt, TakesNoTokenThatAsksForMoreThanIsKnown) {
  Gate gate(policy());
  for (const char* critical : {R"(["b64"])", R"(["exp"])", "[]"})
    EXPECT_EQ(gate.bearer(
                  with_header(std::string(R"({"alg":"RS256","kid":"r","crit":)") + critical + "}")),
              "jwt_malformed");
}

TEST(Jwt, TakesNoNameTwice) {
  Gate gate(policy());
  EXPECT_EQ(gate.bearer(with_header(R"({"alg":"RS256","kid":"r","kid":"r"})")), "jwt_malformed");
  EXPECT_EQ(gate.bearer(rsa_signer().token(rs256, "r", claims_of("ann", R"(,"sub":"ben")"))),
            "jwt_malformed");
}

TEST(Jwt, TakesNoTwoTokens) {
  Gate gate(policy());
  const std::string good = "Bearer " + rsa_signer().token(rs256, "r", claims_of("ann"));
  EXPECT_EQ(gate.ask({{"authorization", good}, {"authorization", good}}), "jwt_malformed");
  EXPECT_EQ(gate.ask({{"authorization", good}, {"authorization", "Basic x"}}), "jwt_malformed");
  EXPECT_EQ(gate.ask({{"authorization", "Basic x"}, {"authorization", good}}), "jwt_malformed");
  EXPECT_EQ(gate.ask({{"authorization", good + ", " + good}}), "jwt_malformed");
}

TEST(Jwt, TakesNoTokenThatIsTooLong) {
  JWTPolicy small = policy();
  small.token_bytes = Bytes{600};
  Gate gate(small);
  EXPECT_EQ(gate.bearer(rsa_signer().token(rs256, "r", claims_of("ann"))), "ann");
  EXPECT_EQ(gate.bearer(rsa_signer().token(rs256, "r", claims_of(std::string(300, 'a')))),
            "jwt_malformed");
}

// ---- Claims that are asked for

TEST(Jwt, KnowsWhenATokenIsValid) {
  Gate gate(policy());  // Leeway 30 s.
  const std::string token = rsa_signer().token(rs256, "r", claims_of("ann", R"(,"nbf":100)"));
  EXPECT_EQ(gate.bearer(token, at(69)), "jwt_not_yet_valid");
  EXPECT_EQ(gate.bearer(token, at(70)), "ann");
  EXPECT_EQ(gate.bearer(token, at(69)), "jwt_not_yet_valid") << "the clock was set back";
  EXPECT_EQ(gate.bearer(token, at(1'029)), "ann");
  EXPECT_EQ(gate.bearer(token, at(1'030)), "jwt_expired");
  EXPECT_EQ(gate.bearer(token, at(1'029)), "ann");
}

TEST(Jwt, HasNoLeewayWhereThereIsNone) {
  JWTPolicy exact = policy();
  exact.providers[0].leeway = Milliseconds(0);
  Gate gate(exact);
  const std::string token = rsa_signer().token(rs256, "r", claims_of("ann"));
  EXPECT_EQ(gate.bearer(token, at(999)), "ann");
  EXPECT_EQ(gate.bearer(token, at(1'000)), "jwt_expired");
}

TEST(Jwt, TakesTokensOfItsIssuersOnly) {
  JWTPolicy two = policy();
  const JwtSigner other = JwtSigner::curve("P-256");
  two.providers.push_back(provider("two", jwk_set({other.jwk("e")})));
  Gate gate(two);
  const auto of = [](const char* issuer) {
    return std::string(R"({"exp":1000,"sub":"ann","iss":")") + issuer + "\"}";
  };
  EXPECT_EQ(gate.bearer(other.token(es256, "e", of("two"))), "ann");
  EXPECT_EQ(gate.exchange.claims->issuer, "two");
  EXPECT_EQ(gate.bearer(other.token(es256, "e", of("one"))), "jwt_signature")
      << "each issuer has its own keys";
  EXPECT_EQ(gate.bearer(p256_signer().token(es256, "e", of("two"))), "jwt_signature");
  for (const char* issuer : {"three", "", "one/", "ONE"})
    EXPECT_EQ(gate.bearer(other.token(es256, "e", of(issuer))), "jwt_issuer") << issuer;
}

TEST(Jwt, TakesTokensForItsAudiencesOnly) {
  JWTPolicy ours = policy();
  ours.providers[0].audiences = {"shop", "till"};
  Gate gate(ours);
  const auto with = [](const char* more) {
    return rsa_signer().token(rs256, "r", claims_of("ann", more));
  };
  EXPECT_EQ(gate.bearer(with(R"(,"aud":"till")")), "ann");
  EXPECT_EQ(gate.bearer(with(R"(,"aud":["x","shop"])")), "ann");
  EXPECT_EQ(gate.bearer(with(R"(,"aud":["x"])")), "jwt_audience");
  EXPECT_EQ(gate.bearer(with("")), "jwt_audience");
}

TEST(Jwt, LooksIntoTheHeaderThatIsNamed) {
  JWTPolicy two = policy();
  two.providers[0].header = "X-Token";
  two.providers.push_back(provider("two", jwk_set({p256_signer().jwk("e")})));
  Gate gate(two);
  const std::string token = rsa_signer().token(rs256, "r", claims_of("ann"));
  EXPECT_EQ(gate.ask({{"x-token", token}}), "ann");
  EXPECT_EQ(gate.ask({{"x-token", "Bearer " + token}}), "jwt_malformed");
  EXPECT_EQ(gate.bearer(token), "jwt_issuer") << "it is remembered, but stands elsewhere";
  const std::string second =
      p256_signer().token(es256, "e", R"({"iss":"two","exp":1000,"sub":"ben"})");
  EXPECT_EQ(gate.bearer(second), "ben");
  EXPECT_EQ(gate.ask({{"x-token", token}, {"authorization", "Bearer " + second}}), "jwt_malformed");
}

TEST(Jwt, GivesTheClaimsThatAreAskedFor) {
  Gate gate(policy());
  const std::string token = rsa_signer().token(rs256, "r", claims_of("ann", R"(,"n":7,"x":"y")"));
  for (int i = 0; i < 2; ++i) {  // Verified, and remembered.
    EXPECT_EQ(gate.bearer(token), "ann");
    ASSERT_EQ(gate.exchange.claims->all.size(), 2U);
    EXPECT_EQ(gate.exchange.claims->find("n")->value, "7");
    EXPECT_EQ(gate.exchange.claims->find("x"), nullptr);
  }
}

TEST(Jwt, GivesListsThatAreAskedFor) {
  using Form = TokenClaim::Form;
  Gate gate(policy(), {"groups", "sub"});
  const std::string token =
      rsa_signer().token(rs256, "r", claims_of("ann", R"(,"groups":["a","b"])"));
  for (int i = 0; i < 2; ++i) {  // Verified, and remembered.
    EXPECT_EQ(gate.bearer(token), "ann");
    const auto all = gate.exchange.claims->all;
    ASSERT_EQ(all.size(), 4U);
    EXPECT_EQ(all[0].form, Form::list);
    EXPECT_EQ(all[2].form, Form::item);
    EXPECT_EQ(all[2].name, "groups");
    EXPECT_EQ(all[2].value, "b");
    EXPECT_EQ(gate.exchange.claims->find("groups"), nullptr) << "it is no text";
  }
}

// ---- Memory

TEST(Jwt, VerifiesATokenOnce) {
  Gate gate(policy());
  const std::string token = rsa_signer().token(rs256, "r", claims_of("ann"));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(gate.bearer(token), "ann");
  EXPECT_EQ(gate.signatures(), 1U);
}

std::string spoiled(std::string token) {
  char& c = token[token.size() - 10];
  c = c == 'A' ? 'B' : 'A';
  return token;
}

TEST(Jwt, ChecksTheSignatureOfABadTokenOnce) {
  Gate gate(policy());
  const std::string good = rsa_signer().token(rs256, "r", claims_of("ann"));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(gate.bearer(spoiled(good)), "jwt_signature");
  EXPECT_EQ(gate.last.detail, "its signature is another's");
  EXPECT_EQ(gate.signatures(), 1U);
  EXPECT_EQ(gate.bearer(good), "ann") << "it is another token";
}

TEST(Jwt, ChecksTheSignatureOfATokenForOthersOnce) {
  JWTPolicy ours = policy();
  ours.providers[0].audiences = {"shop"};
  Gate gate(ours);
  const std::string token = rsa_signer().token(rs256, "r", claims_of("ann", R"(,"aud":"till")"));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(gate.bearer(token), "jwt_audience");
  EXPECT_EQ(gate.signatures(), 1U);
}

TEST(Jwt, AsksAnewEachTimeWhetherATokenIsInItsTime) {
  Gate gate(policy());  // Leeway 30 s.
  const std::string token = rsa_signer().token(rs256, "r", claims_of("ann", R"(,"nbf":100)"));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(gate.bearer(token, at(69)), "jwt_not_yet_valid");
    EXPECT_EQ(gate.bearer(token, at(69)), "jwt_not_yet_valid");
    EXPECT_EQ(gate.bearer(token, at(70)), "ann");
    EXPECT_EQ(gate.bearer(token, at(1'029)), "ann");
    EXPECT_EQ(gate.bearer(token, at(1'030)), "jwt_expired");
    EXPECT_EQ(gate.bearer(token, at(1'030)), "jwt_expired");
  }
  EXPECT_EQ(gate.signatures(), 1U);
}

TEST(Jwt, LosesNoGoodTokenToBadOnes) {
  JWTPolicy small = policy();
  small.max_remembered = 2;
  Gate gate(small);
  const std::string ann = p256_signer().token(es256, "e", claims_of("ann"));
  const std::string ben = p256_signer().token(es256, "e", claims_of("ben"));
  EXPECT_EQ(gate.bearer(ann), "ann");
  EXPECT_EQ(gate.bearer(ben), "ben");
  const std::string bad = spoiled(p256_signer().token(es256, "e", claims_of("eve")));
  const std::string worse = spoiled(p256_signer().token(es256, "e", claims_of("eva")));
  for (int i = 0; i < 2; ++i) {  // There is a place for one of them only.
    EXPECT_EQ(gate.bearer(bad), "jwt_signature");
    EXPECT_EQ(gate.bearer(worse), "jwt_signature");
  }
  EXPECT_EQ(gate.signatures(), 6U);
  EXPECT_EQ(gate.bearer(ann, at(2'000)), "jwt_expired");
  EXPECT_EQ(gate.bearer(bad), "jwt_signature") << "it takes the place of what has expired";
  EXPECT_EQ(gate.bearer(ben), "ben");
  EXPECT_EQ(gate.signatures(), 7U);
}

TEST(Jwt, RemembersWhereARefusedTokenStood) {
  JWTPolicy two = policy();
  two.providers[0].header = "x-token";
  two.providers.push_back(provider("two", jwk_set({p256_signer().jwk("e")})));
  Gate gate(two);
  const std::string bad = spoiled(rsa_signer().token(rs256, "r", claims_of("ann")));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(gate.ask({{"x-token", bad}}), "jwt_signature");
    EXPECT_EQ(gate.bearer(bad), "jwt_issuer");
  }
  EXPECT_EQ(gate.signatures(), 1U);
}

TEST(Jwt, RemembersNothingWhereNothingIsToBeRemembered) {
  JWTPolicy forgetful = policy();
  forgetful.max_remembered = 0;
  Gate gate(forgetful);
  const std::string good = p256_signer().token(es256, "e", claims_of("ann"));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(gate.bearer(good), "ann");
    EXPECT_EQ(gate.bearer(spoiled(good)), "jwt_signature");
  }
  EXPECT_EQ(gate.signatures(), 4U);
}

TEST(Jwt, RemembersSoManyOnly) {
  JWTPolicy forgetful = policy();
  forgetful.max_remembered = 1;
  Gate gate(forgetful);
  const std::string ann = p256_signer().token(es256, "e", claims_of("ann"));
  const std::string ben = p256_signer().token(es256, "e", claims_of("ben"));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(gate.bearer(ann), "ann");
    EXPECT_EQ(gate.bearer(ben), "ben");
  }
  EXPECT_EQ(gate.signatures(), 4U);
}

TEST(Jwt, GoesByTheKeysOfThePolicyThatIsInForce) {
  const JwtSigner old_key = JwtSigner::curve("P-256");
  const JwtSigner new_key = JwtSigner::curve("P-256");
  const auto with = [](const std::string& keys) {
    JWTPolicy made = policy();
    made.providers[0].jwks = keys;
    return made;
  };
  const std::string by_old = old_key.token(es256, "old", claims_of("ann"));
  const std::string by_new = new_key.token(es256, "new", claims_of("ann"));
  Gate before(with(jwk_set({old_key.jwk("old")})));
  EXPECT_EQ(before.bearer(by_old), "ann");
  EXPECT_EQ(before.bearer(by_new), "jwt_key");
  Gate both(with(jwk_set({old_key.jwk("old"), new_key.jwk("new")})));
  EXPECT_EQ(both.bearer(by_old), "ann");
  EXPECT_EQ(both.bearer(by_new), "ann");
  Gate after(with(jwk_set({new_key.jwk("new")})));
  EXPECT_EQ(after.bearer(by_old), "jwt_key");
  EXPECT_EQ(after.bearer(by_new), "ann");
}

// What a policy of before still remembers when `next` is in force.
struct Followed {
  explicit Followed(const JWTPolicy& next, std::vector<std::string> claims = {"sub", "n"})
      : after(next, std::move(claims)) {
    EXPECT_EQ(before.bearer(ann), "ann");
    EXPECT_EQ(before.bearer(ben), "ben");
    after.follow(before);
  }

  const std::string ann = rsa_signer().token(rs256, "r", claims_of("ann", R"(,"n":1)"));
  const std::string ben = p256_signer().token(es256, "e", claims_of("ben"));
  Gate before{policy()};
  Gate after;
};

TEST(Jwt, RemembersTokensWhenWhatTheyAreJudgedByStays) {
  JWTPolicy next = policy();
  next.required = false;
  next.token_bytes = Bytes{1'024};
  next.providers[0].leeway = Milliseconds(0);
  next.providers[0].jwks = jwk_set({p256_signer().jwk("e"), rsa_signer().jwk("r")});
  Followed followed(next);
  EXPECT_EQ(followed.after.bearer(followed.ann), "ann");
  EXPECT_EQ(followed.after.exchange.claims->find("n")->value, "1");
  EXPECT_EQ(followed.after.bearer(followed.ben), "ben");
  EXPECT_EQ(followed.after.signatures(), 0U);
  EXPECT_EQ(followed.after.bearer(followed.ann, at(1'000)), "jwt_expired")
      << "the leeway is the new one";
}

TEST(Jwt, RemembersAsManyAsThePolicyThatIsInForceSays) {
  JWTPolicy next = policy();
  next.max_remembered = 1;
  Followed followed(next);
  EXPECT_EQ(followed.after.bearer(followed.ben), "ben");
  EXPECT_EQ(followed.after.signatures(), 0U);
  EXPECT_EQ(followed.after.bearer(followed.ann), "ann");
  EXPECT_EQ(followed.after.bearer(followed.ben), "ben");
  EXPECT_EQ(followed.after.signatures(), 2U);
}

TEST(Jwt, ForgetsAllTokensWhenAKeyGoes) {
  JWTPolicy next = policy();
  next.providers[0].jwks = jwk_set({p256_signer().jwk("e")});
  Followed followed(next);
  EXPECT_EQ(followed.after.bearer(followed.ann), "jwt_key");
  EXPECT_EQ(followed.after.bearer(followed.ben), "ben");
  EXPECT_EQ(followed.after.signatures(), 1U);
}

TEST(Jwt, ForgetsAllTokensWhenAKeyIsReplacedUnderItsName) {
  JWTPolicy next = policy();
  next.providers[0].jwks = jwk_set({JwtSigner::rsa().jwk("r"), p256_signer().jwk("e")});
  Followed followed(next);
  EXPECT_EQ(followed.after.bearer(followed.ann), "jwt_signature");
}

TEST(Jwt, ForgetsRefusedTokensWhenAKeyComesThatTheyAreSignedBy) {
  const JwtSigner other = JwtSigner::rsa();
  const std::string token = other.token(rs256, "r", claims_of("ann"));
  Gate before(policy());
  EXPECT_EQ(before.bearer(token), "jwt_signature");
  Gate same(policy());
  same.follow(before);
  EXPECT_EQ(same.bearer(token), "jwt_signature");
  EXPECT_EQ(same.signatures(), 0U);
  JWTPolicy next = policy();
  next.providers[0].jwks = jwk_set({other.jwk("r")});
  Gate after(next);
  after.follow(same);
  EXPECT_EQ(after.bearer(token), "ann");
}

TEST(Jwt, ForgetsAllTokensWhenSomethingElseIsAskedOfThem) {
  const auto refused = [](const std::function<void(JWTProvider&)>& change) {
    JWTPolicy next = policy();
    change(next.providers[0]);
    Followed followed(next);
    return followed.after.bearer(followed.ann);
  };
  EXPECT_EQ(refused([](JWTProvider& next) { next.audiences = {"shop"}; }), "jwt_audience");
  EXPECT_EQ(refused([](JWTProvider& next) { next.issuer = "two"; }), "jwt_issuer");
  EXPECT_EQ(refused([](JWTProvider& next) { next.algorithms = {es256}; }), "jwt_algorithm");
  EXPECT_EQ(refused([](JWTProvider& next) { next.header = "x-token"; }), "jwt_missing");
}

TEST(Jwt, ReadsTokensAgainWhenOtherClaimsAreAskedFor) {
  Followed followed(policy(), {"n", "sub"});
  EXPECT_EQ(followed.after.bearer(followed.ann), "ann");
  EXPECT_EQ(followed.after.exchange.claims->find("n")->value, "1");
  EXPECT_EQ(followed.after.signatures(), 1U);
}

}  // namespace
}  // namespace skiff
