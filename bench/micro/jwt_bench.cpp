// How long the token of a request takes. Built with -DSKIFF_MICRO_BENCH=ON:
// build/release/bin/micro-jwt.
#include <benchmark/benchmark.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/openssl_handles.h"
#include "config/schema/jwk_set.h"
#include "sidecar/policy/jwt.h"

namespace skiff {
namespace {

using ContextPtr = std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>>;

std::string to_base64url(const std::string& bytes) {
  std::string text(bytes.size() * 4 / 3 + 8, '\0');
  text.resize(static_cast<std::size_t>(EVP_EncodeBlock(
      reinterpret_cast<unsigned char*>(text.data()),
      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()))));
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  std::erase(text, '=');
  return text;
}

std::string number_of(EVP_PKEY* key, const char* name, std::size_t size) {
  BIGNUM* number = nullptr;
  EVP_PKEY_get_bn_param(key, name, &number);
  std::string bytes(size, '\0');
  BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(size));
  BN_free(number);
  return to_base64url(bytes);
}

// Whoever signs: by RS256 with 2,048 bits, or by ES256.
struct Signer {
  explicit Signer(bool by_rsa)
      : is_rsa(by_rsa), key(by_rsa ? EVP_RSA_gen(2'048) : EVP_EC_gen("P-256")) {}

  std::string keys() const {
    const std::string begin = R"({"keys":[{"kid":"a",)";
    if (is_rsa) {
      return begin + R"("kty":"RSA","n":")" + number_of(key.get(), OSSL_PKEY_PARAM_RSA_N, 256) +
             R"(","e":"AQAB"}]})";
    }
    return begin + R"("kty":"EC","crv":"P-256","x":")" +
           number_of(key.get(), OSSL_PKEY_PARAM_EC_PUB_X, 32) + R"(","y":")" +
           number_of(key.get(), OSSL_PKEY_PARAM_EC_PUB_Y, 32) + R"("}]})";
  }

  // About as long as those of an OpenID provider.
  std::string token(std::size_t number) const {
    const std::string text =
        to_base64url(is_rsa ? R"({"alg":"RS256","typ":"JWT","kid":"a"})"
                            : R"({"alg":"ES256","typ":"JWT","kid":"a"})") +
        "." +
        to_base64url(R"({"iss":"https://login.shop.example","aud":"shop","exp":2000,"iat":900,)"
                     R"("sub":"auth0|)" +
                     std::to_string(number) + R"(","scope":"openid profile orders","pad":")" +
                     std::string(200, 'x') + "\"}");
    const ContextPtr context(EVP_MD_CTX_new());
    std::string signature(512, '\0');
    std::size_t size = signature.size();
    EVP_DigestSignInit_ex(context.get(), nullptr, "SHA256", nullptr, nullptr, key.get(), nullptr);
    if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                       reinterpret_cast<const unsigned char*>(text.data()), text.size()) != 1)
      throw std::runtime_error("cannot sign");
    signature.resize(size);
    return text + "." + to_base64url(is_rsa ? signature : from_der(signature));
  }

  static std::string from_der(const std::string& der) {
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    ECDSA_SIG* const pair = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
    std::string both(64, '\0');
    auto* const to = reinterpret_cast<unsigned char*>(both.data());
    BN_bn2binpad(ECDSA_SIG_get0_r(pair), to, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair), to + 32, 32);
    ECDSA_SIG_free(pair);
    return both;
  }

  const bool is_rsa;
  const KeyPtr key;
};

class NoReply final : public Reply {
 public:
  void informational(Exchange&, Response&) override {}
  void answered(Exchange&, Response&) override {}
  void failed(Exchange&, const Error&) override {}
};

// Whose tokens are asked for.
struct Callers {
  bool by_rsa = false;
  std::size_t tokens = 16;  // In turn.
  std::uint32_t remembered = 1'024;
  bool forged = false;
};

void ask(benchmark::State& state, const Callers& callers) {
  const Signer signer(callers.by_rsa);
  JWTPolicy policy;
  JWTProvider& provider = policy.providers.emplace_back();
  provider.issuer = "https://login.shop.example";
  provider.audiences = {"shop"};
  provider.jwks = signer.keys();
  policy.max_remembered = callers.remembered;
  std::atomic<std::uint64_t> other;
  std::atomic<std::uint64_t> valid;
  std::atomic<std::uint64_t> signatures;
  JwtCounts counts{.valid = &valid, .none = &other, .refused = {}, .signatures = &signatures};
  counts.refused.fill(&other);
  Jwt gate(std::make_shared<const JwtRules>(policy, std::vector<std::string>{"sub"}), counts);

  std::vector<std::string> fields;
  for (std::size_t i = 0; i < callers.tokens; ++i) {
    std::string& field = fields.emplace_back("Bearer " + signer.token(i));
    char& spoiled = field[field.size() - 10];
    if (callers.forged) spoiled = spoiled == 'A' ? 'B' : 'A';
  }
  Exchange exchange;
  NoReply reply;
  std::size_t next = 0;
  for (auto _ : state) {
    exchange.request.headers.add(exchange.arena, "authorization", fields[next]);
    if (++next == callers.tokens) next = 0;
    gate.lets_through(exchange, reply, WallSeconds(std::chrono::seconds(1'000)));
    exchange.finish({});
  }
  if ((callers.forged ? valid : other) > 0) state.SkipWithError("a token was judged wrongly");
  state.counters["bytes"] = static_cast<double>(fields.front().size());
  state.counters["checked"] = static_cast<double>(signatures) / static_cast<double>(valid + other);
}

void verify_rs256(benchmark::State& state) { ask(state, {.by_rsa = true, .remembered = 0}); }
void verify_es256(benchmark::State& state) { ask(state, {.remembered = 0}); }
void remembered(benchmark::State& state) {
  ask(state, {.tokens = static_cast<std::size_t>(state.range(0))});
}
// 16 in turn are remembered, 1,000 are more than there is place for.
void refused_rs256(benchmark::State& state) {
  ask(state, {.by_rsa = true, .tokens = static_cast<std::size_t>(state.range(0)), .forged = true});
}
void refused_es256(benchmark::State& state) {
  ask(state, {.tokens = static_cast<std::size_t>(state.range(0)), .forged = true});
}
BENCHMARK(verify_rs256);
BENCHMARK(verify_es256);
BENCHMARK(remembered)->Arg(1)->Arg(1'000);
BENCHMARK(refused_rs256)->Arg(16)->Arg(1'000);
BENCHMARK(refused_es256)->Arg(16)->Arg(1'000);

}  // namespace
}  // namespace skiff

BENCHMARK_MAIN();
