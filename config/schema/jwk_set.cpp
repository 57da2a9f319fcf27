#include "config/schema/jwk_set.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <array>

#include "base/base64url.h"
#include "base/strict_json.h"
#include "config/schema/scalars.h"
#include "config/schema/violation.h"

namespace skiff {
namespace {

using KeyType = Jwk::Type;

// What is wrong with a key; empty: nothing.
using Problem = std::string;

constexpr std::size_t least_rsa_bits = 2'048;  // RFC 7518, 3.3.
constexpr std::size_t most_rsa_bits = 8'192;   // Longer ones only cost time.
constexpr std::size_t least_secret_bytes = 32;
constexpr std::size_t most_secret_bytes = 1'024;

struct Curve {
  std::string_view name;
  KeyType type;
  std::size_t bytes;  // Of a coordinate.
};
constexpr std::array curves = {Curve{"P-256", KeyType::p256, 32}, Curve{"P-384", KeyType::p384, 48},
                               Curve{"P-521", KeyType::p521, 66}};

std::size_t bits_of(std::string_view number) {
  if (number.empty()) return 0;
  std::size_t bits = number.size() * 8;
  for (auto first = static_cast<unsigned char>(number[0]); (first & 0x80) == 0 && bits > 0;
       first = static_cast<unsigned char>(first << 1)) {
    --bits;
    if (first == 0) break;
  }
  return bits;
}

bool is_odd(std::string_view number) { return !number.empty() && (number.back() & 1) != 0; }

// A member that is bytes in base64url.
Problem take_bytes(const json_t* key, const char* name, std::string& bytes) {
  const std::string_view text = text_member(key, name);
  const auto decoded = from_base64url(text);
  if (text.empty() || !decoded) return std::string(name) + " is missing or not base64url";
  bytes = *decoded;
  return {};
}

Problem take_number(const json_t* key, const char* name, std::string& number) {
  if (Problem problem = take_bytes(key, name, number); !problem.empty()) return problem;
  number.erase(0, std::min(number.find_first_not_of('\0'), number.size()));
  return {};
}

// An exponent as FIPS 186-5, A.1.1, has it, within what OpenSSL takes of long keys.
Problem take_rsa(const json_t* json, Jwk& key) {
  key.type = KeyType::rsa;
  if (Problem problem = take_number(json, "n", key.first); !problem.empty()) return problem;
  if (Problem problem = take_number(json, "e", key.second); !problem.empty()) return problem;
  const std::size_t bits = bits_of(key.first);
  if (bits < least_rsa_bits || bits > most_rsa_bits) {
    return "n has " + std::to_string(bits) + " bits; expected " + std::to_string(least_rsa_bits) +
           " to " + std::to_string(most_rsa_bits);
  }
  const std::size_t e_bits = bits_of(key.second);
  if (e_bits < 17 || e_bits > 64 || !is_odd(key.second) || !is_odd(key.first))
    return "n and e are no key of RSA; expected odd numbers, e at least 65537 and below 2^64";
  return {};
}

Problem take_curve(const json_t* json, Jwk& key) {
  const std::string_view name = text_member(json, "crv");
  const auto* const curve = std::ranges::find(curves, name, &Curve::name);
  if (curve == curves.end()) {
    return "crv is " + in_quotes(name) + "; expected P-256, P-384 or P-521";
  }
  key.type = curve->type;
  for (const auto& [member, bytes] : {std::pair{"x", &key.first}, {"y", &key.second}}) {
    if (Problem problem = take_bytes(json, member, *bytes); !problem.empty()) return problem;
    if (bytes->size() != curve->bytes) return std::string(member) + " is too short or too long";
  }
  return {};
}

Problem take_secret(const json_t* json, Jwk& key) {
  key.type = KeyType::secret;
  if (Problem problem = take_bytes(json, "k", key.first); !problem.empty()) return problem;
  if (key.first.size() < least_secret_bytes || key.first.size() > most_secret_bytes) {
    return "k has " + std::to_string(key.first.size()) + " bytes; expected " +
           std::to_string(least_secret_bytes) + " to " + std::to_string(most_secret_bytes);
  }
  return {};
}

Problem take_material(const json_t* json, Jwk& key) {
  const std::string_view kind = text_member(json, "kty");
  if (kind != "oct") {
    for (const char* member : {"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
      if (json_object_get(json, member) != nullptr)
        return "is private: it has " + std::string(member) + "; expected the public part only";
  }
  if (kind == "RSA") return take_rsa(json, key);
  if (kind == "EC") return take_curve(json, key);
  if (kind == "oct") return take_secret(json, key);
  return "kty is " + in_quotes(kind) + "; expected RSA, EC or oct";
}

Problem take_names(const json_t* json, Jwk& key) {
  const json_t* const id = json_object_get(json, "kid");
  if (id != nullptr && text_of(id).empty()) return "kid is no text, or empty";
  key.id = text_of(id);
  const json_t* const algorithm = json_object_get(json, "alg");
  if (algorithm == nullptr) return {};
  const auto names = jwt_algorithm_names();
  const auto found = std::ranges::find(names, text_of(algorithm));
  if (found == names.end()) {
    return "alg is " + in_quotes(text_of(algorithm)) + "; expected " + one_of(names);
  }
  key.algorithm = static_cast<JwtAlgorithm>(found - names.begin());
  return {};
}

// Not those that say that they are for something else: encryption.
bool is_for_signatures(const json_t* key) {
  const json_t* const use = json_object_get(key, "use");
  if (use != nullptr && text_of(use) != "sig") return false;
  const json_t* const operations = json_object_get(key, "key_ops");
  if (operations == nullptr) return true;
  for (std::size_t i = 0; i < json_array_size(operations); ++i)
    if (text_of(json_array_get(operations, i)) == "verify") return true;
  return false;
}

Problem take_key(const json_t* json, Jwk& key) {
  if (Problem problem = take_material(json, key); !problem.empty()) return problem;
  if (Problem problem = take_names(json, key); !problem.empty()) return problem;
  if (key.algorithm.has_value() && !fits(*key.algorithm, key)) return "alg does not fit the key";
  if (make_key(key, nullptr) == nullptr) return "is none: its point is not on the curve";
  return {};
}

Problem check_ids(const std::vector<Jwk>& keys) {
  if (keys.empty()) return "has no keys for signatures";
  for (std::size_t i = 0; i < keys.size() && keys.size() > 1; ++i) {
    if (keys[i].id.empty()) return "has several keys, one of them without kid";
    for (std::size_t j = 0; j < i; ++j)
      if (keys[i].id == keys[j].id) return "has two keys with kid " + in_quotes(keys[i].id);
  }
  return {};
}

// ---- OpenSSL

using BuilderPtr = std::unique_ptr<OSSL_PARAM_BLD, FreeWith<OSSL_PARAM_BLD_free>>;
using ParametersPtr = std::unique_ptr<OSSL_PARAM, FreeWith<OSSL_PARAM_free>>;
using NumberPtr = std::unique_ptr<BIGNUM, FreeWith<BN_free>>;
using KeyContextPtr = std::unique_ptr<EVP_PKEY_CTX, FreeWith<EVP_PKEY_CTX_free>>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

NumberPtr number_of(std::string_view text) {
  return NumberPtr(BN_bin2bn(bytes_of(text), static_cast<int>(text.size()), nullptr));
}

KeyPtr make_public(const char* type, OSSL_PARAM_BLD* builder, OSSL_LIB_CTX* library) {
  const ParametersPtr parameters(OSSL_PARAM_BLD_to_param(builder));
  const KeyContextPtr context(EVP_PKEY_CTX_new_from_name(library, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (parameters == nullptr || context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
    return nullptr;
  }
  return KeyPtr(key);
}

KeyPtr make_rsa(const Jwk& key, OSSL_LIB_CTX* library) {
  const BuilderPtr builder(OSSL_PARAM_BLD_new());
  const NumberPtr n = number_of(key.first);
  const NumberPtr e = number_of(key.second);
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  return make_public("RSA", builder.get(), library);
}

KeyPtr make_point(const Jwk& key, OSSL_LIB_CTX* library) {
  const auto* const curve = std::ranges::find(curves, key.type, &Curve::type);
  const std::string point = '\x04' + key.first + key.second;  // SEC 1, 2.3.3: not compressed.
  const BuilderPtr builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve->name.data(),
                                  curve->name.size());
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                   point.size());
  return make_public("EC", builder.get(), library);
}

}  // namespace

Result<std::vector<Jwk>, std::string> read_jwk_set(std::string_view text) {
  std::string reason;
  const JsonPtr set = read_json_object(text, &reason);
  if (set == nullptr) return "is no JWK Set: " + reason;
  const json_t* const list = json_object_get(set.get(), "keys");
  const std::size_t count = json_array_size(list);
  if (count == 0 || count > jwk_set_keys)
    return "is no JWK Set: expected a list `keys` of 1 to " + std::to_string(jwk_set_keys);
  std::vector<Jwk> keys;
  for (std::size_t i = 0; i < count; ++i) {
    const json_t* const json = json_array_get(list, i);
    if (json_is_object(json) && !is_for_signatures(json)) continue;
    Jwk key;
    const Problem problem = take_key(json, key);
    if (!problem.empty()) return "keys[" + std::to_string(i) + "] " + problem;
    keys.push_back(std::move(key));
  }
  if (Problem problem = check_ids(keys); !problem.empty()) return problem;
  return keys;
}

bool fits(JwtAlgorithm algorithm, const Jwk& key) {
  if (key.algorithm.value_or(algorithm) != algorithm) return false;
  switch (algorithm) {
    case JwtAlgorithm::rs256:
    case JwtAlgorithm::rs384:
    case JwtAlgorithm::rs512:
      return key.type == KeyType::rsa;
    case JwtAlgorithm::es256:
      return key.type == KeyType::p256;
    case JwtAlgorithm::es384:
      return key.type == KeyType::p384;
    case JwtAlgorithm::es512:
      return key.type == KeyType::p521;
    case JwtAlgorithm::hs256:
      return key.type == KeyType::secret && key.first.size() >= 32;
    case JwtAlgorithm::hs384:
      return key.type == KeyType::secret && key.first.size() >= 48;
    case JwtAlgorithm::hs512:
      return key.type == KeyType::secret && key.first.size() >= 64;
  }
  return false;
}

KeyPtr make_key(const Jwk& key, OSSL_LIB_CTX* library) {
  if (key.type == KeyType::rsa) return make_rsa(key, library);
  if (key.type != KeyType::secret) return make_point(key, library);
  return KeyPtr(EVP_PKEY_new_raw_private_key_ex(library, "HMAC", nullptr, bytes_of(key.first),
                                                key.first.size()));
}

}  // namespace skiff
