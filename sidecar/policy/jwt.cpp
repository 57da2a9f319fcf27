#include "sidecar/policy/jwt.h"

#include <algorithm>
#include <utility>

#include "base/lower_case.h"
#include "config/schema/jwk_set.h"
#include "sidecar/http/token_claims.h"
#include "sidecar/transport/tls_library.h"

namespace skiff {
namespace {

constexpr JwtProblem wrong_signature{ErrorKind::jwt_signature, "its signature is another's"};
constexpr JwtProblem wrong_audience{ErrorKind::jwt_audience, "its aud is another"};

// How many refused tokens are remembered.
std::size_t most_refused(const JwtRules& rules) { return (rules.max_remembered() + 7) / 8; }

void count(JwtCounts::Cell* cell) { cell->fetch_add(1, std::memory_order_relaxed); }

// What stands behind `Bearer` (RFC 6750, 2.1); data() null: it is another scheme.
std::string_view bearer_of(std::string_view value) {
  constexpr std::string_view scheme = "bearer";
  const std::size_t end = std::min(value.find(' '), value.size());
  if (!equals_ignoring_case(value.substr(0, end), scheme)) return {};
  value.remove_prefix(end);
  return value.substr(std::min(value.find_first_not_of(' '), value.size()));
}

// So that no two lists of pieces are one text.
void append(std::string& text, std::string_view piece) {
  text.append(std::to_string(piece.size())).append(":").append(piece);
}

void append(std::string& text, const std::vector<std::string>& pieces) {
  append(text, std::to_string(pieces.size()));
  for (const std::string& each : pieces) append(text, each);
}

bool is_named(const Field& field, const JwtRules::Header& header) {
  return field.id == header.id &&
         (header.id != FieldId::other || equals_ignoring_case(field.name(), header.name));
}

}  // namespace

JwtRules::JwtRules(const JWTPolicy& policy, std::vector<std::string> claims)
    : name_(policy.metadata.ns + "/" + policy.metadata.name),
      is_required_(policy.required),
      token_bytes_(policy.token_bytes.count),
      max_remembered_(policy.max_remembered),
      claims_(std::move(claims)) {
  std::string text;
  append(text, claims_);
  for (const JWTProvider& provider : policy.providers) add(provider, text);
  fingerprint_ = hash_of_token(text);
}

void JwtRules::add(const JWTProvider& config, std::string& text) {
  Provider& provider = providers_.emplace_back();
  provider.issuer = config.issuer;
  provider.audiences = config.audiences;
  provider.leeway = std::chrono::ceil<std::chrono::seconds>(config.leeway);
  for (const JwtAlgorithm each : config.allowed())
    provider.algorithms.set(static_cast<std::size_t>(each));

  const std::string header = lower_case(config.header);
  const auto known = std::ranges::find(headers_, header, &Header::name);
  provider.header = static_cast<std::size_t>(known - headers_.begin());
  if (known == headers_.end()) headers_.push_back({header, field_id(header)});
  append(text, {config.issuer, header});
  append(text, config.audiences);

  auto keys = read_jwk_set(config.key_text());
  if (!keys) return;  // Refused before it came here; without keys no token is good.
  std::ranges::sort(*keys, {}, &Jwk::id);  // Their order means nothing.
  for (const Jwk& jwk : *keys) {
    provider.keys.push_back({jwk.id, {}, make_key(jwk, tls_library())});
    Key& key = provider.keys.back();
    for (std::size_t i = 0; i < jwt_algorithm_count; ++i)
      key.algorithms[i] = provider.algorithms[i] && fits(static_cast<JwtAlgorithm>(i), jwk);
    append(text, {jwk.id, jwk.first, jwk.second, key.algorithms.to_string()});
  }
}

Jwt::Jwt(std::shared_ptr<const JwtRules> rules, const JwtCounts& counts)
    : rules_(std::move(rules)),
      counts_(counts),
      good_(rules_->max_remembered()),
      refused_(most_refused(*rules_)) {}

void Jwt::take_memory_of(Jwt& before) {
  if (before.rules_->fingerprint() != rules_->fingerprint()) return;
  std::swap(good_, before.good_);
  std::swap(refused_, before.refused_);
  good_.limit(rules_->max_remembered());
  refused_.limit(most_refused(*rules_));
}

bool Jwt::lets_through(Exchange& exchange, Reply& reply, WallSeconds now) {
  exchange.claims = nullptr;
  const Found found = find(exchange.request);
  const bool is_missing = found.token.data() == nullptr && !found.problem;
  if (is_missing && !rules_->is_required()) {
    count(counts_.none);
    return true;
  }
  const auto problem =
      is_missing ? JwtProblem{ErrorKind::jwt_missing} : check(found, exchange, now);
  if (!problem) {
    count(counts_.valid);
    return true;
  }
  refuse(*problem, exchange, reply);
  return false;
}

// A second one would be believed by another, so there may be none, in whichever header.
Jwt::Found Jwt::find(const Request& request) const {
  Found found;
  std::size_t fields = 0;
  for (std::size_t i = 0; i < rules_->headers().size(); ++i) {
    const JwtRules::Header& header = rules_->headers()[i];
    if (!request.headers.may_have(bit(header.id))) continue;
    for (const Field& field : request.headers) {
      if (!is_named(field, header)) continue;
      const bool is_bearer = header.id == FieldId::authorization;
      const std::string_view token = is_bearer ? bearer_of(field.value()) : field.value();
      if (++fields > 1 && (token.data() != nullptr || found.token.data() != nullptr))
        found.problem = {ErrorKind::jwt_malformed, "there is more than one"};
      if (token.data() == nullptr) continue;
      found.token = token;
      found.header = i;
    }
  }
  if (found.token.size() > rules_->token_bytes())
    found.problem = {ErrorKind::jwt_malformed, "it is longer than tokenBytes"};
  return found;
}

const RememberedToken* Jwt::recall(JwtMemory& memory, const TokenHash& hash,
                                   const Found& found) const {
  const RememberedToken* const known = memory.find(hash);
  if (known == nullptr || rules_->providers()[known->provider].header != found.header)
    return nullptr;
  return known;
}

std::optional<JwtProblem> Jwt::check(const Found& found, Exchange& exchange, WallSeconds now) {
  if (found.problem) return found.problem;
  const TokenHash hash = hash_of_token(found.token);
  const RememberedToken* known = recall(good_, hash, found);
  const bool was_good = known != nullptr;
  if (known == nullptr) known = recall(refused_, hash, found);
  RememberedToken read;
  if (known == nullptr) {
    if (const auto problem = verify(found, read)) return problem;
    known = &read;
  }
  const auto problem = judge(*known, now);
  if (!problem) give_claims(*known, exchange);
  if (known == &read || was_good == problem.has_value()) remember(hash, *known, !problem);
  return problem;
}

void Jwt::remember(const TokenHash& hash, RememberedToken token, bool is_good) {
  (is_good ? refused_ : good_).forget(hash);
  (is_good ? good_ : refused_).add(hash, std::move(token));
}

std::optional<JwtProblem> Jwt::verify(const Found& found, RememberedToken& read) const {
  const auto token = read_jwt(found.token);
  if (!token) return token.error();
  const auto& providers = rules_->providers();
  const auto provider = std::ranges::find_if(providers, [&](const JwtRules::Provider& each) {
    return each.header == found.header && each.issuer == token->issuer;
  });
  if (provider == providers.end())
    return JwtProblem{ErrorKind::jwt_issuer, "its iss is no provider's"};
  read.provider = static_cast<std::uint32_t>(provider - providers.begin());
  if (const auto problem = verify_signature(*provider, *token, read)) return problem;
  const json_t* const payload = token->payload.get();
  const bool is_for_us = provider->audiences.empty() || has_audience(payload, provider->audiences);
  if (read.problem == nullptr && !is_for_us) read.problem = &wrong_audience;
  if (read.problem != nullptr) return std::nullopt;

  read.expires = token->expires;
  read.not_before = token->not_before;
  for (std::uint32_t i = 0; i < rules_->claims().size(); ++i)
    for (ClaimPiece& piece : claim_pieces(payload, rules_->claims()[i]))
      read.claims.push_back({i, std::move(piece)});
  return std::nullopt;
}

// The key is the one that `kid` names, exactly; without `kid`, the only one that there is.
std::optional<JwtProblem> Jwt::verify_signature(const JwtRules::Provider& provider,
                                                const JwtToken& token,
                                                RememberedToken& read) const {
  const std::size_t algorithm =
      token.algorithm ? static_cast<std::size_t>(*token.algorithm) : jwt_algorithm_count;
  if (algorithm == jwt_algorithm_count || !provider.algorithms[algorithm])
    return JwtProblem{ErrorKind::jwt_algorithm, "its alg is not allowed"};
  const bool has_id = token.key_id.data() != nullptr;
  if (!has_id && provider.keys.size() != 1)
    return JwtProblem{ErrorKind::jwt_key, "it has no kid, and there are several keys"};
  const auto key = has_id ? std::ranges::find(provider.keys, token.key_id, &JwtRules::Key::id)
                          : provider.keys.begin();
  if (key == provider.keys.end()) return JwtProblem{ErrorKind::jwt_key, "its kid is no key's"};
  if (!key->algorithms[algorithm] || key->key == nullptr)
    return JwtProblem{ErrorKind::jwt_key, "its alg is not one for the key"};
  count(counts_.signatures);
  if (!holds_signature(*token.algorithm, *key->key, token.signed_part, token.signature))
    read.problem = &wrong_signature;
  return std::nullopt;
}

std::optional<JwtProblem> Jwt::judge(const RememberedToken& token, WallSeconds now) const {
  if (token.problem != nullptr) return *token.problem;
  const std::chrono::seconds leeway = rules_->providers()[token.provider].leeway;
  if (now - leeway >= token.expires) return JwtProblem{ErrorKind::jwt_expired};
  if (now + leeway < token.not_before) return JwtProblem{ErrorKind::jwt_not_yet_valid};
  return std::nullopt;
}

void Jwt::give_claims(const RememberedToken& token, Exchange& exchange) const {
  auto* const list = exchange.arena.make_array<TokenClaim>(token.claims.size());
  for (std::size_t i = 0; i < token.claims.size(); ++i) {
    const auto& [name, piece] = token.claims[i];
    list[i] = {rules_->claims()[name], exchange.arena.copy(piece.value), piece.form};
  }
  auto* const claims = exchange.arena.make<TokenClaims>();
  claims->issuer = rules_->providers()[token.provider].issuer;
  claims->all = {list, token.claims.size()};
  exchange.claims = claims;
}

void Jwt::refuse(const JwtProblem& problem, Exchange& exchange, Reply& reply) const {
  const auto reason =
      static_cast<std::size_t>(problem.kind) - static_cast<std::size_t>(ErrorKind::jwt_missing);
  count(counts_.refused.at(reason));
  const bool is_missing = problem.kind == ErrorKind::jwt_missing;
  auto* const fields = exchange.arena.make<Headers>();
  fields->add(exchange.arena, "www-authenticate",
              is_missing ? "Bearer" : R"(Bearer error="invalid_token")");
  auto* const answer = exchange.arena.make<ErrorAnswer>();
  answer->fields = fields;
  exchange.marks.policy = rules_->name();
  Error error{.kind = problem.kind, .unprocessed = true, .detail = problem.detail};
  if (!exchange.client_identity.empty()) error.policy = rules_->name();
  error.answer = answer;
  reply.failed(exchange, error);
}

}  // namespace skiff
