// What a JWTPolicy reads in a token that anybody may write. After a first byte `t` the input is the
// token; else header, payload and signature with zero bytes between them, which are encoded here.

#include <openssl/evp.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "base/base64url.h"
#include "sidecar/policy/jwt.h"

namespace skiff {
namespace {

void expect(bool holds) {
  if (!holds) std::abort();
}

std::string to_base64url(std::string_view bytes) {
  std::string text(bytes.size() * 4 / 3 + 8, '\0');
  text.resize(static_cast<std::size_t>(EVP_EncodeBlock(
      reinterpret_cast<unsigned char*>(text.data()),
      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()))));
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  std::erase(text, '=');
  return text;
}

class Told final : public Reply {
 public:
  void informational(Exchange&, Response&) override {}
  void answered(Exchange&, Response&) override {}
  void failed(Exchange&, const Error& error) override {
    ++failures;
    expect(about(error.kind).status == 401);
  }
  int failures = 0;
};

// Asks for a signature of a key that nobody has: RFC 7517, A.1.
JWTPolicy policy() {
  JWTPolicy made;
  JWTProvider& provider = made.providers.emplace_back();
  provider.issuer = "i";
  provider.jwks = R"({"keys":[{"kty":"EC","crv":"P-256","kid":"a",)"
                  R"("x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",)"
                  R"("y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]})";
  return made;
}

Jwt make_gate() {
  static std::atomic<std::uint64_t> cell;
  JwtCounts counts{.valid = &cell, .none = &cell, .refused = {}, .signatures = &cell};
  counts.refused.fill(&cell);
  return {std::make_shared<const JwtRules>(policy(), std::vector<std::string>{"sub"}), counts};
}

// Each token is refused, once, and leaves no claims.
void check_gate(const std::string& text) {
  static Jwt gate = make_gate();
  Exchange exchange;
  const std::string field = "Bearer " + text;
  exchange.request.headers.add(exchange.arena, "authorization", field);
  Told told;
  expect(!gate.lets_through(exchange, told, WallSeconds(std::chrono::seconds(1'000))));
  expect(told.failures == 1);
  expect(exchange.claims == nullptr);
  exchange.finish({});
}

// What is read means one text only.
void check_token(const std::string& text) {
  const auto token = read_jwt(text);
  if (!token) return expect(about(token.error().kind).status == 401);
  expect(token->signed_part.size() + 1 < text.size() + 1);
  expect(text == std::string(token->signed_part) + "." + to_base64url(token->signature));
  expect(token->expires.time_since_epoch().count() >= 0);
  expect(token->not_before.time_since_epoch().count() >= 0);
  expect(json_object_get(token->header.get(), "crit") == nullptr);
  for (const char* name : {"sub", "/a/b", "/", "/~1/~0", "https://x.example/y"}) {
    const auto claim = claim_text(token->payload.get(), name);
    expect(!claim || claim->size() <= most_claim_bytes);
    const auto pieces = claim_pieces(token->payload.get(), name);
    expect(pieces.size() <= most_claim_items + 1);
    for (const ClaimPiece& piece : pieces) expect(piece.value.size() <= most_claim_bytes);
    expect(claim.has_value() == (pieces.size() == 1 && pieces[0].form == TokenClaim::Form::text));
  }
  has_audience(token->payload.get(), {"a", ""});
}

std::string take_part(std::string_view& bytes) {
  const std::size_t zero = std::min(bytes.find('\0'), bytes.size());
  const std::string_view part = bytes.substr(0, zero);
  bytes.remove_prefix(std::min(zero + 1, bytes.size()));
  return to_base64url(part);
}

}  // namespace
}  // namespace skiff

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (bytes.empty()) return 0;
  const bool is_text = bytes.front() == 't';
  bytes.remove_prefix(1);
  std::string token(bytes);
  if (!is_text) {
    token = skiff::take_part(bytes) + ".";
    token += skiff::take_part(bytes) + ".";
    token += skiff::take_part(bytes);
  }
  skiff::check_token(token);
  skiff::check_gate(token);
  return 0;
}
