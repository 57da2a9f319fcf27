#include "sidecar/policy/rate_limit_key.h"

#include <algorithm>
#include <cstring>

#include "base/lower_case.h"
#include "sidecar/http/token_claims.h"

namespace skiff {
namespace {

using Type = RateLimitKeyConfig::Type;

std::string without_last_slash(std::string path) {
  if (path.ends_with('/')) path.pop_back();
  return path;
}

bool is_named(const Field& field, FieldId id, std::string_view lower) {
  return field.id == id && (id != FieldId::other || equals_ignoring_case(field.name(), lower));
}

// The part of `/a/b` with this number, counted from 1; false: there is none.
bool find_segment(std::string_view path, std::uint32_t number, std::string_view& segment) {
  for (std::size_t slash = 0; slash != path.npos && path.starts_with('/');) {
    path.remove_prefix(1);
    slash = path.find('/');
    segment = path.substr(0, slash);
    if (--number == 0) return !segment.empty();
    if (slash != path.npos) path.remove_prefix(slash);
  }
  return false;
}

constexpr std::size_t size_bytes = sizeof(std::uint32_t);

}  // namespace

RateLimitKey::RateLimitKey(const RateLimitMatchConfig& match,
                           const std::vector<RateLimitKeyConfig>& key)
    : path_prefix_(without_last_slash(match.path_prefix)),
      methods_(match.methods),
      matches_all_(path_prefix_.empty() && methods_.empty() && match.headers.empty()) {
  for (const RateLimitHeaderConfig& header : match.headers)
    headers_.push_back({lower_case(header.name), field_id(header.name), header.value});
  for (const RateLimitKeyConfig& part : key)
    parts_.push_back({part.type, part.type == Type::jwt_claim ? part.claim : lower_case(part.name),
                      field_id(part.name), part.segment});
}

bool RateLimitKey::matches_some(const Exchange& exchange) const {
  const Request& request = exchange.request;
  if (request.version == Version::bytes) return false;
  if (!methods_.empty() && std::ranges::find(methods_, request.method_name) == methods_.end())
    return false;
  const std::string_view path = request.path;
  if (!path.starts_with(path_prefix_)) return false;
  if (path.size() > path_prefix_.size() && path[path_prefix_.size()] != '/') return false;
  return std::ranges::all_of(headers_, [&request](const Header& asked) {
    if (asked.id == FieldId::host) return request.authority == asked.value;
    return std::any_of(
        request.headers.begin(), request.headers.end(), [&asked](const Field& field) {
          return is_named(field, asked.id, asked.name) && field.value() == asked.value;
        });
  });
}

// Calls `take` with each text that the part is made of.
template <typename Take>
void RateLimitKey::visit(const Part& part, const Exchange& exchange, Take&& take) const {
  const Request& request = exchange.request;
  switch (part.type) {
    case Type::route:
      return take(exchange.marks.route);
    case Type::caller_identity:
      if (!exchange.client_identity.empty()) take(exchange.client_identity);
      return;
    case Type::client_address:
      return take(exchange.client_address);
    case Type::header:
      if (part.id == FieldId::host) return take(request.authority);
      for (const Field& field : request.headers)
        if (is_named(field, part.id, part.name)) take(field.value());
      return;
    case Type::path_segment:
      if (std::string_view segment; find_segment(request.path, part.segment, segment))
        take(segment);
      return;
    case Type::jwt_claim:
      if (exchange.claims == nullptr) return;
      if (const TokenClaim* const claim = exchange.claims->find(part.name)) {
        take(exchange.claims->issuer);
        take(claim->value);
      }
  }
}

// Each text has its length before it and each part ends with a length that no text has.
std::string_view RateLimitKey::of(Exchange& exchange) const {
  std::size_t size = parts_.size() * size_bytes;
  for (const Part& part : parts_)
    visit(part, exchange, [&size](std::string_view text) { size += size_bytes + text.size(); });
  char* const key = exchange.arena.allocate(size, 1);
  char* at = key;
  const auto put_size = [&at](std::size_t of) {
    const auto number = static_cast<std::uint32_t>(of);
    std::memcpy(at, &number, size_bytes);
    at += size_bytes;
  };
  for (const Part& part : parts_) {
    visit(part, exchange, [&](std::string_view text) {
      put_size(text.size());
      if (!text.empty()) std::memcpy(at, text.data(), text.size());  // Its data() may be null.
      at += text.size();
    });
    put_size(UINT32_MAX);
  }
  return {key, size};
}

}  // namespace skiff
