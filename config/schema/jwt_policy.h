#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "config/schema/common.h"
#include "config/schema/violation.h"

namespace skiff {

// How a token may be signed; RFC 7518, 3.1.
enum class JwtAlgorithm { rs256, rs384, rs512, es256, es384, es512, hs256, hs384, hs512 };
inline constexpr std::size_t jwt_algorithm_count = 9;

// `RS256` and so on, in the order of the enum.
std::vector<std::string_view> jwt_algorithm_names();

// Whose tokens are taken, and how they are proved.
struct JWTProvider {
  std::string issuer;                    // The token's `iss`, exactly.
  std::vector<std::string> audiences;    // Any of them in `aud`; empty: it is not looked at.
  std::vector<JwtAlgorithm> algorithms;  // Empty: RS256 and ES256.
  std::string jwks;                      // The keys: RFC 7517, 5, as JSON.
  std::string jwks_file;                 // Where they are read from instead; empty: nowhere.
  std::string file_text;                 // What was read there; it may be secret.
  std::string header = "authorization";  // In which the token stands.
  Milliseconds leeway{30'000};           // By which clocks may differ.
  Position position;

  // RS256 and ES256 where none is named.
  std::vector<JwtAlgorithm> allowed() const;
  const std::string& key_text() const { return jwks_file.empty() ? jwks : file_text; }
};

// Who may ask: whoever has a token that one of the providers signed. Where limits are asked, right
// before them, at most one policy holds: the one whose targetRefs name the thing most specifically,
// a rule before its route before a listener before its Gateway; of equals the older, then by name.
// For a Service it holds where its requests arrive.
struct JWTPolicy {
  Metadata metadata;
  std::vector<ObjectRef> target_refs;
  std::vector<JWTProvider> providers;
  bool required = true;                  // False: who has no token goes on without claims.
  Bytes token_bytes{8 * 1'024};          // The longest token.
  std::uint32_t max_remembered = 1'024;  // Tokens that need not be verified again; each worker's.
  Position position;
};

Shape describe(Of<JWTProvider>);
Shape describe(Of<JWTPolicy>);

// Reads the files that `jwksFile` of the policies names; a path is relative to the folder of the
// policy's file. What is wrong with one, or with its keys, is appended to `violations`.
void read_key_files(std::vector<JWTPolicy>& policies, Violations& violations);

}  // namespace skiff
