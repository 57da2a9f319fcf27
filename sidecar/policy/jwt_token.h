#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/strict_json.h"
#include "config/schema/jwt_policy.h"
#include "sidecar/http/error.h"
#include "sidecar/http/token_claims.h"

namespace skiff {

// The machine's calendar, as tokens say it.
using WallSeconds = std::chrono::sys_seconds;

// Why a token is refused.
struct JwtProblem {
  ErrorKind kind = ErrorKind::jwt_malformed;
  std::string_view detail{};  // A literal, for the log; never a part of the token.
};

// What a token says: nothing of it is proved. It views the text that it was read from.
struct JwtToken {
  std::string_view signed_part;  // HEADER.PAYLOAD
  std::string signature;
  JsonPtr header;
  JsonPtr payload;
  std::optional<JwtAlgorithm> algorithm;  // Nothing: `alg` is one that we do not know.
  std::string_view key_id;                // `kid`; data() null: it has none.
  std::string_view issuer;                // `iss`
  WallSeconds expires{};                  // `exp`, rounded down.
  WallSeconds not_before{};               // `nbf`, rounded up; left out: 1970.
};

// Reads a JWS in compact form (RFC 7515, 7.1) that holds claims (RFC 7519), strictly: no padding,
// no name twice, no `crit`, no key that the token brings or points to, `exp` must be there. Its
// cost is bounded by the length of the text.
Result<JwtToken, JwtProblem> read_jwt(std::string_view text);

// Whether `aud` (a text, or a list of texts) has one of these.
bool has_audience(const json_t* payload, const std::vector<std::string>& audiences);

// A claim as text, by its name or, with a `/` first, by JSON Pointer (RFC 6901), which goes into
// objects only. Equal values are equal texts. Nothing: it is missing, or no number, boolean or
// text of at most `most_claim_bytes`.
std::optional<std::string> claim_text(const json_t* payload, std::string_view name);
inline constexpr std::size_t most_claim_bytes = 256;

// A claim, or an item of one, as TokenClaim has it.
struct ClaimPiece {
  TokenClaim::Form form = TokenClaim::Form::text;
  std::string value{};
};

// What a claim of that name says, in order. Empty: it is missing, or null. A list whose items are
// not all as claim_text() takes them, or more than `most_claim_items`, is something else.
std::vector<ClaimPiece> claim_pieces(const json_t* payload, std::string_view name);
inline constexpr std::size_t most_claim_items = 64;

}  // namespace skiff
