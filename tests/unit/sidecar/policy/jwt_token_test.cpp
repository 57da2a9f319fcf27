#include "sidecar/policy/jwt_token.h"

#include <gtest/gtest.h>

#include "tests/support/made_jwt.h"

namespace skiff {
namespace {

using test::unsigned_jwt;

constexpr std::string_view header = R"({"alg":"RS256","kid":"a"})";
constexpr std::string_view payload = R"({"iss":"i","exp":100})";

std::string with_header(std::string_view text) { return unsigned_jwt(text, payload) + ".AA"; }
std::string with_payload(std::string_view text) { return unsigned_jwt(header, text) + ".AA"; }

// `none`, or the reason word.
std::string verdict(const std::string& text) {
  const auto token = read_jwt(text);
  return std::string(about(token ? ErrorKind::none : token.error().kind).reason);
}

WallSeconds at(int seconds) { return WallSeconds(std::chrono::seconds(seconds)); }

TEST(JwtToken, SaysWhatItIs) {
  const std::string text =
      unsigned_jwt(header, R"({"iss":"i","exp":100.9,"nbf":50.1,"sub":"me"})") + ".AQI";
  const auto token = read_jwt(text);
  ASSERT_TRUE(token);
  EXPECT_EQ(token->algorithm, JwtAlgorithm::rs256);
  EXPECT_EQ(token->key_id, "a");
  EXPECT_EQ(token->issuer, "i");
  EXPECT_EQ(token->expires, at(100));
  EXPECT_EQ(token->not_before, at(51));
  EXPECT_EQ(token->signature, "\x01\x02");
  EXPECT_EQ(token->signed_part, text.substr(0, text.size() - 4));
}

TEST(JwtToken, HasThreeParts) {
  for (const char* text : {"", ".", "..", "a.b", "....", "e30.e30.AA.AA"})
    EXPECT_EQ(verdict(text), "jwt_malformed") << text;
  EXPECT_EQ(verdict(with_header(header) + "="), "jwt_malformed") << "padding";
  EXPECT_EQ(verdict(with_header(header) + " "), "jwt_malformed");
  EXPECT_EQ(verdict(unsigned_jwt(header, payload) + "."), "none") << "a signature of no bytes";
}

TEST(JwtToken, HasTwoObjectsWithoutANameTwice) {
  EXPECT_EQ(verdict(with_header("[]")), "jwt_malformed");
  EXPECT_EQ(verdict(with_payload("\"sub\"")), "jwt_malformed");
  EXPECT_EQ(verdict(with_header(R"({"alg":"RS256","alg":"none"})")), "jwt_malformed");
  EXPECT_EQ(verdict(with_payload(R"({"iss":"i","exp":1,"sub":"a","sub":"b"})")), "jwt_malformed");
  EXPECT_EQ(verdict(with_payload(R"({"iss":"i","exp":1} {})")), "jwt_malformed");
}

TEST(JwtToken, KnowsOnlyAlgorithmsThatProve) {
  for (const char* name : {"none", "None", "NONE", "nOnE", "", "rs256", "PS256", "EdDSA", "HS1"}) {
    const auto token = read_jwt(with_header(std::string(R"({"alg":")") + name + "\"}"));
    ASSERT_TRUE(token) << name;
    EXPECT_EQ(token->algorithm, std::nullopt) << name;
  }
  EXPECT_EQ(verdict(with_header("{}")), "jwt_malformed");
  EXPECT_EQ(verdict(with_header(R"({"alg":["RS256"]})")), "jwt_malformed");
  EXPECT_EQ(verdict(with_header(R"({"alg":null})")), "jwt_malformed");
}

TEST(JwtToken, BringsNoKeyAndPointsToNone) {
  for (const char* name : {"jku", "jwk", "x5u", "x5c"})
    EXPECT_EQ(verdict(with_header(std::string(R"({"alg":"RS256",")") + name + R"(":""})")),
              "jwt_key")
        << name;
  EXPECT_EQ(verdict(with_header(R"({"alg":"RS256","kid":7})")), "jwt_malformed");
  EXPECT_EQ(read_jwt(with_header(R"({"alg":"RS256"})"))->key_id.data(), nullptr);
}

TEST(JwtToken, HasNoExtensionThatMustBeUnderstood) {
  for (const char* critical : {R"(["b64"])", "[]", "null", R"("exp")"})
    EXPECT_EQ(verdict(with_header(std::string(R"({"alg":"RS256","crit":)") + critical + "}")),
              "jwt_malformed")
        << critical;
}

TEST(JwtToken, SaysWhenItEnds) {
  for (const char* text :
       {R"({"iss":"i"})", R"({"iss":"i","exp":"100"})", R"({"iss":"i","exp":-1})",
        R"({"iss":"i","exp":1e300})", R"({"iss":"i","exp":null})",
        R"({"iss":"i","exp":100,"nbf":"1"})", R"({"iss":"i","exp":1,"nbf":-5})"})
    EXPECT_EQ(verdict(with_payload(text)), "jwt_malformed") << text;
  EXPECT_EQ(verdict(with_payload(R"({"iss":"i","exp":9007199254740992})")), "none");
}

TEST(JwtToken, SaysWhoIssuedIt) {
  EXPECT_EQ(verdict(with_payload(R"({"exp":100})")), "jwt_issuer");
  EXPECT_EQ(verdict(with_payload(R"({"exp":100,"iss":["i"]})")), "jwt_issuer");
}

TEST(JwtToken, IsForOneOrSeveralAudiences) {
  const auto is_for_me = [](const char* text) {
    const JsonPtr claims = read_json_object(text);
    return has_audience(claims.get(), {"me", "us"});
  };
  EXPECT_TRUE(is_for_me(R"({"aud":"me"})"));
  EXPECT_TRUE(is_for_me(R"({"aud":["you","us"]})"));
  for (const char* text : {"{}", R"({"aud":"you"})", R"({"aud":"Me"})", R"({"aud":[]})",
                           R"({"aud":[["me"]]})", R"({"aud":{"me":"me"}})", R"({"aud":null})"})
    EXPECT_FALSE(is_for_me(text)) << text;
}

TEST(JwtToken, GivesClaimsAsText) {
  const JsonPtr claims = read_json_object(
      R"({"sub":"me","n":-7,"f":1.5,"one":1.0,"yes":true,"no":false,"nil":null,"list":["a"],
          "realm":{"tenant":"t","a/b":{"~":"deep"},"":"unnamed"},"https://x.example/t":"url"})");
  const auto text = [&](std::string_view name) { return claim_text(claims.get(), name); };
  EXPECT_EQ(text("sub"), "me");
  EXPECT_EQ(text("n"), "-7");
  EXPECT_EQ(text("f"), "1.5");
  EXPECT_EQ(text("one"), "1");
  EXPECT_EQ(text("yes"), "true");
  EXPECT_EQ(text("no"), "false");
  EXPECT_EQ(text("https://x.example/t"), "url");
  EXPECT_EQ(text("/realm/tenant"), "t");
  EXPECT_EQ(text("/realm/a~1b/~0"), "deep");
  EXPECT_EQ(text("/realm/"), "unnamed");
  EXPECT_EQ(text("/sub"), "me");
  for (const char* missing : {"nil", "list", "realm", "none", "/list/0", "/realm", "/sub/x", "/"})
    EXPECT_EQ(text(missing), std::nullopt) << missing;
}

TEST(JwtToken, GivesNoClaimThatIsTooLong) {
  const auto of_size = [](std::size_t size) {
    const JsonPtr claims = read_json_object("{\"sub\":\"" + std::string(size, 'x') + "\"}");
    return claim_text(claims.get(), "sub");
  };
  EXPECT_EQ(of_size(256), std::string(256, 'x'));
  EXPECT_EQ(of_size(257), std::nullopt);
}

// `text:VALUE` and so on, with blanks between them.
std::string pieces_of(const std::string& json, std::string_view name = "c") {
  const JsonPtr claims = read_json_object(json);
  std::string text;
  for (const ClaimPiece& piece : claim_pieces(claims.get(), name)) {
    const char* const forms[] = {"text", "list", "item", "other"};
    if (!text.empty()) text += " ";
    text.append(forms[static_cast<std::size_t>(piece.form)]).append(":").append(piece.value);
  }
  return text;
}

TEST(JwtToken, GivesListsItemByItem) {
  EXPECT_EQ(pieces_of(R"({"c":"a"})"), "text:a");
  EXPECT_EQ(pieces_of(R"({"c":7})"), "text:7");
  EXPECT_EQ(pieces_of(R"({"c":["a","b"]})"), "list: item:a item:b");
  EXPECT_EQ(pieces_of(R"({"c":["a",7,true]})"), "list: item:a item:7 item:true");
  EXPECT_EQ(pieces_of(R"({"c":[]})"), "list:");
  EXPECT_EQ(pieces_of(R"({"realm":{"roles":["a"]}})", "/realm/roles"), "list: item:a");
  EXPECT_EQ(pieces_of(R"({"d":"a"})"), "");
  EXPECT_EQ(pieces_of(R"({"c":null})"), "");
}

TEST(JwtToken, SaysOfClaimsThatCannotBeComparedThatTheyAreThere) {
  EXPECT_EQ(pieces_of(R"({"c":{"a":1}})"), "other:");
  EXPECT_EQ(pieces_of(R"({"c":["a",["b"]]})"), "other:");
  EXPECT_EQ(pieces_of(R"({"c":["a",null]})"), "other:");
  EXPECT_EQ(pieces_of("{\"c\":\"" + std::string(257, 'x') + "\"}"), "other:");
  EXPECT_EQ(pieces_of("{\"c\":[\"" + std::string(257, 'x') + "\"]}"), "other:");
}

TEST(JwtToken, GivesNoListThatIsTooLong) {
  const auto of_items = [](std::size_t count) {
    std::string list = "0";
    for (std::size_t i = 1; i < count; ++i) list += ",0";
    const JsonPtr claims = read_json_object("{\"c\":[" + list + "]}");
    return claim_pieces(claims.get(), "c");
  };
  EXPECT_EQ(of_items(64).size(), 65U);
  ASSERT_EQ(of_items(65).size(), 1U);
  EXPECT_EQ(of_items(65)[0].form, TokenClaim::Form::other);
}

}  // namespace
}  // namespace skiff
