#pragma once

#include <openssl/crypto.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/openssl_handles.h"
#include "base/result.h"
#include "config/schema/jwt_policy.h"

namespace skiff {

// One key by which signatures of tokens are checked; RFC 7517, 4, and RFC 7518, 6.
struct Jwk {
  enum class Type { rsa, p256, p384, p521, secret };
  std::string id;  // `kid`; empty: it has none.
  Type type = Type::rsa;
  std::optional<JwtAlgorithm> algorithm;  // The only one that it is for, where it says one.
  std::string first;                      // RSA: n; a curve: x; the secret itself.
  std::string second;                     // RSA: e; a curve: y.
};

// The keys of a JWK Set that are for signatures, at least one. An error where it is none, or a key
// is private, weak, of a kind that is not known, or cannot be told from another by its `kid`.
Result<std::vector<Jwk>, std::string> read_jwk_set(std::string_view text);
inline constexpr std::size_t jwk_set_bytes = 64 * 1'024;  // Of a file; as of a text in YAML.
inline constexpr std::size_t jwk_set_keys = 64;

// Whether signatures by `algorithm` can be checked with the key: its type is that of the algorithm,
// it is for no other, and a secret is as long as the hash (RFC 7518, 3.2).
bool fits(JwtAlgorithm algorithm, const Jwk& key);

// The key as OpenSSL has it, of this library context; null: of the default one. Null where it is
// none: its point is not on the curve.
KeyPtr make_key(const Jwk& key, OSSL_LIB_CTX* library);

}  // namespace skiff
