#include "sidecar/policy/jwt_token.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/base64url.h"

namespace skiff {
namespace {

constexpr auto malformed = ErrorKind::jwt_malformed;

struct Parts {
  std::string_view header;
  std::string_view payload;
  std::string_view signature;
};

// Three parts with dots between them; RFC 7515, 3.1.
std::optional<Parts> split(std::string_view text) {
  const std::size_t first = text.find('.');
  if (first == text.npos) return std::nullopt;
  const std::size_t second = text.find('.', first + 1);
  if (second == text.npos || text.find('.', second + 1) != text.npos) return std::nullopt;
  return Parts{text.substr(0, first), text.substr(first + 1, second - first - 1),
               text.substr(second + 1)};
}

JsonPtr read_part(std::string_view part) {
  const auto json = from_base64url(part);
  return json ? read_json_object(*json) : nullptr;
}

std::optional<JwtProblem> read_header(JwtToken& token) {
  const json_t* const header = token.header.get();
  if (json_object_get(header, "crit") != nullptr)
    return JwtProblem{malformed,
                      "its header says crit"};  // We know no extension; RFC 7515, 4.1.11.
  for (const char* brought : {"jku", "jwk", "x5u", "x5c"})
    if (json_object_get(header, brought) != nullptr)
      return JwtProblem{ErrorKind::jwt_key, "its header brings a key, or says where one is"};
  const std::string_view name = text_member(header, "alg");
  if (name.data() == nullptr) return JwtProblem{malformed, "its header has no alg"};
  const auto names = jwt_algorithm_names();
  const auto found = std::ranges::find(names, name);
  if (found != names.end()) token.algorithm = static_cast<JwtAlgorithm>(found - names.begin());
  const json_t* const key_id = json_object_get(header, "kid");
  token.key_id = text_of(key_id);
  if (key_id != nullptr && token.key_id.data() == nullptr)
    return JwtProblem{malformed, "its kid is no text"};
  return std::nullopt;
}

// A NumericDate (RFC 7519, 2) within what a double counts exactly.
std::optional<double> date_of(const json_t* value) {
  constexpr double most = 9'007'199'254'740'992;  // 2^53
  if (!json_is_number(value)) return std::nullopt;
  const double date = json_number_value(value);
  if (date < 0 || date > most) return std::nullopt;
  return date;
}

WallSeconds seconds(double date) {
  return WallSeconds(std::chrono::seconds(static_cast<std::int64_t>(date)));
}

std::optional<JwtProblem> read_payload(JwtToken& token) {
  const json_t* const payload = token.payload.get();
  token.issuer = text_member(payload, "iss");
  if (token.issuer.data() == nullptr) return JwtProblem{ErrorKind::jwt_issuer, "it has no iss"};
  const auto expires = date_of(json_object_get(payload, "exp"));
  if (!expires) return JwtProblem{malformed, "its exp is missing or no time"};
  token.expires = seconds(std::floor(*expires));
  const json_t* const not_before = json_object_get(payload, "nbf");
  if (not_before == nullptr) return std::nullopt;
  const auto begins = date_of(not_before);
  if (!begins) return JwtProblem{malformed, "its nbf is no time"};
  token.not_before = seconds(std::ceil(*begins));
  return std::nullopt;
}

// One name of a JSON Pointer, from its `/` on; takes it from `pointer`.
std::string take_name(std::string_view& pointer) {
  pointer.remove_prefix(1);
  const std::string_view coded = pointer.substr(0, pointer.find('/'));
  pointer.remove_prefix(coded.size());
  std::string name;
  for (std::size_t i = 0; i < coded.size(); ++i) {
    const bool is_code = coded[i] == '~' && i + 1 < coded.size();
    name.push_back(!is_code ? coded[i] : coded[++i] == '1' ? '/' : '~');
  }
  return name;
}

const json_t* find_claim(const json_t* payload, std::string_view name) {
  if (!name.starts_with('/')) return json_object_get(payload, std::string(name).c_str());
  while (payload != nullptr && !name.empty())
    payload = json_object_get(payload, take_name(name).c_str());
  return payload;
}

template <typename Number>
std::string digits_of(Number number) {
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.begin(), digits.end(), number).ptr;
  return {digits.begin(), end};
}

std::optional<std::string> claim_text(const json_t* value) {
  if (json_is_boolean(value)) return json_is_true(value) ? "true" : "false";
  if (json_is_integer(value)) return digits_of(json_integer_value(value));
  if (json_is_real(value)) return digits_of(json_real_value(value));
  const std::string_view text = text_of(value);
  if (text.data() == nullptr || text.size() > most_claim_bytes) return std::nullopt;
  return std::string(text);
}

}  // namespace

Result<JwtToken, JwtProblem> read_jwt(std::string_view text) {
  const auto parts = split(text);
  if (!parts) return JwtProblem{malformed, "it is not HEADER.PAYLOAD.SIGNATURE"};
  JwtToken token;
  token.signed_part = text.substr(0, text.size() - parts->signature.size() - 1);
  token.header = read_part(parts->header);
  if (token.header == nullptr) return JwtProblem{malformed, "its header is no JSON object"};
  if (const auto problem = read_header(token)) return *problem;
  token.payload = read_part(parts->payload);
  if (token.payload == nullptr) return JwtProblem{malformed, "its payload is no JSON object"};
  if (const auto problem = read_payload(token)) return *problem;
  auto signature = from_base64url(parts->signature);
  if (!signature) return JwtProblem{malformed, "its signature is not base64url"};
  token.signature = std::move(*signature);
  return token;
}

bool has_audience(const json_t* payload, const std::vector<std::string>& audiences) {
  const json_t* const said = json_object_get(payload, "aud");
  const auto is_one = [&](const json_t* value) {
    const std::string_view text = text_of(value);
    return text.data() != nullptr && std::ranges::find(audiences, text) != audiences.end();
  };
  if (is_one(said)) return true;
  for (std::size_t i = 0; i < json_array_size(said); ++i)
    if (is_one(json_array_get(said, i))) return true;
  return false;
}

std::optional<std::string> claim_text(const json_t* payload, std::string_view name) {
  return claim_text(find_claim(payload, name));
}

std::vector<ClaimPiece> claim_pieces(const json_t* payload, std::string_view name) {
  using Form = TokenClaim::Form;
  const json_t* const value = find_claim(payload, name);
  if (value == nullptr || json_is_null(value)) return {};
  if (auto text = claim_text(value)) return {{Form::text, std::move(*text)}};
  if (!json_is_array(value) || json_array_size(value) > most_claim_items) return {{Form::other}};
  std::vector<ClaimPiece> pieces = {{Form::list}};
  for (std::size_t i = 0; i < json_array_size(value); ++i) {
    auto text = claim_text(json_array_get(value, i));
    if (!text) return {{Form::other}};
    pieces.push_back({Form::item, std::move(*text)});
  }
  return pieces;
}

}  // namespace skiff
