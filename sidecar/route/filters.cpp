#include "sidecar/route/filters.h"

#include <charconv>
#include <cstring>
#include <initializer_list>

namespace skiff {
namespace {

std::string_view concat(Arena& arena, std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (const std::string_view part : parts) size += part.size();
  char* const start = arena.allocate(size, 1);
  char* to = start;
  for (const std::string_view part : parts) {
    if (!part.empty()) std::memcpy(to, part.data(), part.size());
    to += part.size();
  }
  return {start, size};
}

// Framing and connection are the codec's; no policy may touch them.
bool is_codecs_own(FieldId id) {
  switch (id) {
    case FieldId::connection:
    case FieldId::content_length:
    case FieldId::expect:
    case FieldId::http2_settings:
    case FieldId::keep_alive:
    case FieldId::proxy_connection:
    case FieldId::te:
    case FieldId::trailer:
    case FieldId::transfer_encoding:
    case FieldId::upgrade:
      return true;
    default:
      return false;
  }
}

// `authority`: what Host stands for, or null in an answer.
void modify(const HeaderModifier& modifier, Arena& arena, Headers& headers,
            std::string_view* authority) {
  for (const HTTPHeader& header : modifier.set) {
    const FieldId id = field_id(header.name);
    if (id == FieldId::host && authority != nullptr) *authority = arena.copy(header.value);
    if (id == FieldId::host || is_codecs_own(id)) continue;
    headers.set(arena, arena.copy(header.name), arena.copy(header.value));
  }
  for (const HTTPHeader& header : modifier.add) {
    const FieldId id = field_id(header.name);
    if (id == FieldId::host || is_codecs_own(id)) continue;
    headers.add(arena, arena.copy(header.name), arena.copy(header.value));
  }
  for (const std::string& name : modifier.remove) headers.remove(name);
}

// Slashes at the join as in Gateway API's table for ReplacePrefixMatch: `/foo` replaced by `/xyz`
// or `/xyz/` in `/foo/bar` gives `/xyz/bar`; by `/` in `/foo` gives `/`.
std::string_view new_path(const PathModifier& modifier, std::string_view matched_prefix,
                          std::string_view path, Arena& arena) {
  std::string_view value = modifier.value;
  std::string_view rest;
  if (modifier.type == PathModifier::Type::replace_prefix_match) {
    while (matched_prefix.ends_with('/')) matched_prefix.remove_suffix(1);
    while (value.ends_with('/')) value.remove_suffix(1);
    rest = path.starts_with(matched_prefix) ? path.substr(matched_prefix.size()) : path;
  }
  const bool has_slash = (value.empty() ? rest : value).starts_with('/');
  return concat(arena, {has_slash ? "" : "/", value, rest});
}

void rewrite_path(const PathModifier& modifier, std::string_view matched_prefix, Arena& arena,
                  Request& request) {
  if (!request.path.starts_with('/')) return;  // OPTIONS *
  const std::string_view path = new_path(modifier, matched_prefix, request.path, arena);
  const std::string_view tail = request.target.substr(request.path.size());  // From `?` on.
  request.target = concat(arena, {path, tail});
  request.path = request.target.substr(0, path.size());
  request.query = tail.empty() ? tail : request.target.substr(path.size() + 1);
}

std::string_view without_port(std::string_view authority) {
  const std::size_t colon = authority.rfind(':');
  const bool in_brackets = authority.ends_with(']');
  return colon == std::string_view::npos || in_brackets ? authority : authority.substr(0, colon);
}

std::uint16_t known_port(std::string_view scheme) {
  if (scheme == "http") return 80;
  return scheme == "https" ? 443 : 0;
}

// `:8443`, or empty where the scheme says it already. Gateway API: without a port, that of the
// scheme that the redirect names, else the listener's.
std::string_view port_suffix(const RequestRedirect& redirect, std::string_view scheme,
                             std::uint16_t listener_port, Arena& arena) {
  std::uint16_t port = redirect.port;
  if (port == 0 && !redirect.scheme.empty()) port = known_port(redirect.scheme);
  if (port == 0) port = listener_port;
  if (port == 0 || port == known_port(scheme)) return {};

  char digits[8];
  const char* end = std::to_chars(digits, digits + sizeof digits, port).ptr;
  return concat(arena, {":", {digits, static_cast<std::size_t>(end - digits)}});
}

std::string_view location(const RequestRedirect& redirect, std::string_view matched_prefix,
                          std::uint16_t listener_port, Arena& arena, const Request& request) {
  const bool has_path = request.path.starts_with('/');
  std::string_view path = has_path ? request.path : "/";
  const std::string_view tail = has_path ? request.target.substr(path.size()) : "";
  if (redirect.path.has_value()) path = new_path(*redirect.path, matched_prefix, path, arena);

  const std::string_view host =
      redirect.hostname.empty() ? without_port(request.authority) : redirect.hostname;
  if (host.empty()) return concat(arena, {path, tail});
  const std::string_view scheme = redirect.scheme.empty() ? request.scheme : redirect.scheme;
  const std::string_view port = port_suffix(redirect, scheme, listener_port, arena);
  return concat(arena, {scheme, "://", host, port, path, tail});
}

}  // namespace

void apply_request_filters(std::span<const HTTPRouteFilter> filters,
                           std::string_view matched_prefix, Arena& arena, Request& request) {
  for (const HTTPRouteFilter& filter : filters) {
    if (filter.type == HTTPRouteFilter::Type::request_header_modifier)
      modify(filter.request_header_modifier, arena, request.headers, &request.authority);
    if (filter.type != HTTPRouteFilter::Type::url_rewrite) continue;
    const URLRewrite& rewrite = filter.url_rewrite;
    if (!rewrite.hostname.empty()) request.authority = arena.copy(rewrite.hostname);
    if (rewrite.path.has_value()) rewrite_path(*rewrite.path, matched_prefix, arena, request);
  }
}

void apply_response_filters(std::span<const HTTPRouteFilter> filters, Arena& arena,
                            Response& response) {
  for (const HTTPRouteFilter& filter : filters)
    if (filter.type == HTTPRouteFilter::Type::response_header_modifier)
      modify(filter.response_header_modifier, arena, response.headers, nullptr);
}

bool make_redirect(std::span<const HTTPRouteFilter> filters, std::string_view matched_prefix,
                   std::uint16_t listener_port, Arena& arena, const Request& request,
                   Response& response) {
  for (const HTTPRouteFilter& filter : filters) {
    if (filter.type != HTTPRouteFilter::Type::request_redirect) continue;
    const RequestRedirect& redirect = filter.request_redirect;
    response = {};
    response.status = redirect.status_code;
    response.headers.add(arena, "location",
                         location(redirect, matched_prefix, listener_port, arena, request));
    response.body = BodyKind::length;
    response.has_length = true;
    return true;
  }
  return false;
}

}  // namespace skiff
