#include "config/schema/text_rules.h"

#include <arpa/inet.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>

#include "config/schema/spiffe_id.h"

namespace skiff {
namespace {

constexpr std::size_t most_of_label = 63;
constexpr std::size_t most_of_name = 253;
constexpr std::size_t most_of_path = 1'024;
constexpr std::size_t most_of_value = 4'096;
constexpr std::size_t most_of_regex = 1'024;
constexpr std::size_t most_of_socket_path = 107;  // Of sockaddr_un, with a zero behind.
constexpr std::int64_t regex_memory = 64 * 1'024;

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_visible(char c) { return c > ' ' && c != 0x7F; }

bool is_any(std::string_view text) { return !text.empty(); }

bool is_label(std::string_view text) {
  if (text.empty() || text.size() > most_of_label) return false;
  if (text.front() == '-' || text.back() == '-') return false;
  return std::ranges::all_of(text, [](char c) { return is_lower(c) || is_digit(c) || c == '-'; });
}

bool is_name(std::string_view text) {
  if (text.size() > most_of_name) return false;
  for (std::size_t dot = text.find('.'); dot != text.npos; dot = text.find('.')) {
    if (!is_label(text.substr(0, dot))) return false;
    text.remove_prefix(dot + 1);
  }
  return is_label(text);
}

bool is_host_pattern(std::string_view text) {
  return is_name(text.starts_with("*.") ? text.substr(2) : text);
}

bool is_service_name(std::string_view text) {
  const std::size_t dot = text.find('.');
  if (dot == text.npos) return is_label(text);
  return is_label(text.substr(0, dot)) && is_label(text.substr(dot + 1));
}

bool is_header_name(std::string_view text) {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return !text.empty() && text.size() <= 256 && std::ranges::all_of(text, [&](char c) {
    return is_lower(c) || is_upper(c) || is_digit(c) || others.find(c) != others.npos;
  });
}

bool is_header_value(std::string_view text) {
  if (text.size() > most_of_value) return false;
  if (!text.empty() && (text.front() == ' ' || text.back() == ' ')) return false;
  return std::ranges::all_of(text, [](char c) {
    return static_cast<unsigned char>(c) >= 0x80 || is_visible(c) || c == ' ' || c == '\t';
  });
}

bool is_http_method(std::string_view text) {
  constexpr std::array<std::string_view, 9> methods = {
      "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"};
  return std::ranges::find(methods, text) != methods.end();
}

// Source: the validation rules of Gateway API v1, HTTPPathMatch.
bool is_absolute_path(std::string_view text) {
  constexpr std::array<std::string_view, 7> unclear = {"//", "/./", "/../", "%2f", "%2F", "#", "?"};
  if (!text.starts_with('/') || text.size() > most_of_path) return false;
  if (text.ends_with("/.") || text.ends_with("/..")) return false;
  if (std::ranges::any_of(unclear, [&](auto part) { return text.find(part) != text.npos; })) {
    return false;
  }
  return std::ranges::all_of(
      text, [](char c) { return is_visible(c) && static_cast<unsigned char>(c) < 0x80; });
}

bool is_ip_address(std::string_view text) { return !canonical_address(text).empty(); }

bool is_host_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == text.npos) return false;
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  if (port.empty() || port.size() > 5 || port.front() == '0') return false;
  if (!std::ranges::all_of(port, is_digit) || std::stoul(std::string(port)) > 65'535) return false;
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    return host.find(':') != host.npos && is_ip_address(host);
  }
  return host.find(':') == host.npos && (is_ip_address(host) || is_name(host));
}

bool is_method_token(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
    return is_upper(c) || is_digit(c) || c == '-' || c == '_';
  });
}

bool is_socket_path(std::string_view text) {
  return text.size() > 1 && text.starts_with('/') && text.size() <= most_of_socket_path &&
         std::ranges::all_of(text, is_visible);
}

bool is_application(std::string_view text) {
  constexpr std::string_view unix_scheme = "unix:";
  return text.starts_with(unix_scheme) ? is_socket_path(text.substr(unix_scheme.size()))
                                       : is_host_port(text);
}

bool is_cidr(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == text.npos || !is_ip_address(text.substr(0, slash))) return false;
  const std::string_view bits = text.substr(slash + 1);
  if (bits.empty() || bits.size() > 3 || !std::ranges::all_of(bits, is_digit)) return false;
  if (bits.size() > 1 && bits.front() == '0') return false;
  const bool is_ipv6 = text.find(':') != text.npos;
  return std::stoul(std::string(bits)) <= (is_ipv6 ? 128U : 32U);
}

bool is_identity(std::string_view text) {
  return text.starts_with("spiffe:") ? parse_spiffe_id(text).has_value() : is_name(text);
}

// A beginning reaches beyond the trust domain: none may be a part of another's name.
bool is_identity_pattern(std::string_view text) {
  if (!text.ends_with('*')) return parse_spiffe_id(text).has_value();
  if (text == "*") return true;
  text.remove_suffix(1);
  const bool ends_with_slash = text.ends_with('/');
  return parse_spiffe_id(std::string(text) + (ends_with_slash ? "x" : "")).has_value();
}

bool is_hex(char c) { return is_digit(c) || (c >= 'A' && c <= 'F'); }

// An escape in upper case, and only of what cannot stand there by itself (RFC 3986, 6.2.2), nor of
// what is refused in requests: NUL, slash and backslash.
bool is_canonical_escape(std::string_view digits) {
  if (digits.size() < 2 || !is_hex(digits[0]) || !is_hex(digits[1])) return false;
  const auto value_of = [](char c) { return is_digit(c) ? c - '0' : c - 'A' + 10; };
  const char c = static_cast<char>(value_of(digits[0]) * 16 + value_of(digits[1]));
  constexpr std::string_view unreserved_marks = "-._~";
  const bool is_unreserved = is_lower(c) || is_upper(c) || is_digit(c) ||
                             unreserved_marks.find(c) != std::string_view::npos;
  return !is_unreserved && c != '\0' && c != '/' && c != '\\';
}

// What canonical_target() in sidecar/http/path.h leaves as it is.
bool is_path_pattern(std::string_view text) {
  if (text.ends_with("/*")) text.remove_suffix(1);
  constexpr std::string_view others = ";\\*\"<>^`{}";  // Of no path, or of a pattern's end.
  if (!is_absolute_path(text) || text.find_first_of(others) != text.npos) return false;
  for (std::size_t at = text.find('%'); at != text.npos; at = text.find('%', at + 1)) {
    if (!is_canonical_escape(text.substr(at + 1))) return false;
  }
  return true;
}

bool is_grpc_method(std::string_view text) {
  if (text.empty() || text.size() > most_of_path || is_digit(text.front())) return false;
  return std::ranges::all_of(
      text, [](char c) { return is_lower(c) || is_upper(c) || is_digit(c) || c == '_'; });
}

bool is_grpc_service(std::string_view text) {
  if (text.size() > most_of_path) return false;
  for (std::size_t dot = text.find('.'); dot != text.npos; dot = text.find('.')) {
    if (!is_grpc_method(text.substr(0, dot))) return false;
    text.remove_prefix(dot + 1);
  }
  return is_grpc_method(text);
}

bool is_claim(std::string_view text) {
  constexpr std::size_t most = 256;
  if (text.empty() || text.size() > most) return false;
  if (std::ranges::any_of(text, [](unsigned char c) { return c < ' ' || c == 0x7f; })) return false;
  for (std::size_t at = 0; text.front() == '/' && (at = text.find('~', at)) != text.npos; ++at) {
    if (at + 1 == text.size() || (text[at + 1] != '0' && text[at + 1] != '1')) return false;
  }
  return true;
}

bool is_trust_domain_text(std::string_view text) { return is_trust_domain(text); }

bool is_regex(std::string_view text) { return compiles(text); }

std::string why_no_regex(std::string_view text) {
  std::string reason;
  compiles(text, &reason);
  return reason;
}

// Digits where `shape` has a 0, else the very character: date and time of RFC 3339.
bool is_timestamp(std::string_view text) {
  constexpr std::string_view shape = "0000-00-00T00:00:00";
  if (text.size() <= shape.size()) return false;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == '0' ? !is_digit(text[i]) : text[i] != shape[i]) return false;
  }
  return text.ends_with('Z') && (text.size() == shape.size() + 1 || text[shape.size()] == '.');
}

bool is_file_path(std::string_view text) {
  return !text.empty() && text.size() <= 4'096 && std::ranges::none_of(text, [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
  });
}

}  // namespace

std::string canonical_address(std::string_view text) {
  const std::string given(text);
  std::array<unsigned char, sizeof(in6_addr)> bytes;
  std::array<char, INET6_ADDRSTRLEN> written;
  for (const int family : {AF_INET, AF_INET6}) {
    if (::inet_pton(family, given.c_str(), bytes.data()) != 1) continue;
    return ::inet_ntop(family, bytes.data(), written.data(), written.size());
  }
  return {};
}

bool compiles(std::string_view pattern, std::string* reason) {
  if (pattern.size() > most_of_regex) {
    if (reason) *reason = "longer than 1024 bytes";
    return false;
  }
  RE2::Options options(RE2::Quiet);
  options.set_max_mem(regex_memory);
  const RE2 regex(re2::StringPiece(pattern.data(), pattern.size()), options);
  if (reason) *reason = regex.error();
  return regex.ok();
}

namespace text_rules {

const TextRule any = {"text that is not empty", "^[\\s\\S]+$", is_any};
const TextRule dns_label = {
    "a DNS label: lower-case letters, digits and -, at most 63, neither first nor last a -",
    "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", is_label};
const TextRule dns_name = {"a DNS name: lower-case letters, digits, - and ., at most 253",
                           "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
                           is_name};
const TextRule host_pattern = {
    "a DNS name in lower case, or *. and one",
    "^(\\*\\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$", is_host_pattern};
const TextRule service_name = {"NAME or NAME.NAMESPACE, in lower case",
                               "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)?$",
                               is_service_name};
const TextRule header_name = {"a header name: letters, digits and !#$%&'*+-.^_`|~",
                              "^[A-Za-z0-9!#$%&'*+\\-.^_`|~]{1,256}$", is_header_name};
const TextRule header_value = {
    "a header value: no control characters, no space first or last, at most 4096 bytes", "",
    is_header_value};
const TextRule http_method = {"one of GET, HEAD, POST, PUT, DELETE, CONNECT, OPTIONS, TRACE, PATCH",
                              "^(GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH)$",
                              is_http_method};
const TextRule absolute_path = {
    "a path that begins with / and has no //, /./, /../, %2f, # or ? in it", "^/[!-~]*$",
    is_absolute_path};
const TextRule ip_address = {"an IPv4 or IPv6 address", "^[0-9a-fA-F.:]+$", is_ip_address};
const TextRule host_port = {"ADDRESS:PORT, such as 127.0.0.1:8080 or [::1]:8080",
                            "^.+:[1-9][0-9]{0,4}$", is_host_port};
const TextRule regex = {"a regular expression in RE2's syntax, at most 1024 bytes", "", is_regex,
                        why_no_regex};
const TextRule timestamp = {"a UTC time such as 2026-01-31T12:00:00Z",
                            "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?Z$",
                            is_timestamp};
const TextRule file_path = {"a path of at most 4096 bytes without control characters", "",
                            is_file_path};
const TextRule http_method_token = {"a method in upper case, such as GET or PURGE",
                                    "^[A-Z0-9_-]{1,64}$", is_method_token};
const TextRule application = {"ADDRESS:PORT, or unix: and an absolute path",
                              "^(.+:[1-9][0-9]{0,4}|unix:/[!-~]{1,106})$", is_application};
const TextRule socket_path = {"an absolute path of at most 107 bytes without blanks",
                              "^/[!-~]{1,106}$", is_socket_path};
const TextRule cidr = {"an address and a number of bits, such as 10.0.0.0/8 or fd00::/8",
                       "^[0-9a-fA-F.:]+/[0-9]{1,3}$", is_cidr};
const TextRule trust_domain = {
    "a trust domain: lower-case letters, digits, -, _ and ., at most 255", "^[a-z0-9._-]{1,255}$",
    is_trust_domain_text};
const TextRule identity = {
    "spiffe://TRUST_DOMAIN/PATH, or the name of a service account",
    "^(spiffe://[a-z0-9._-]{1,255}(/[A-Za-z0-9._-]+)+|[a-z0-9]([-a-z0-9.]*[a-z0-9])?)$",
    is_identity};
const TextRule identity_pattern = {
    "spiffe://TRUST_DOMAIN/PATH, the same with a * behind it, or * alone",
    "^(\\*|spiffe://[a-z0-9._-]{1,255}/[A-Za-z0-9._/-]*\\*?)$", is_identity_pattern};
const TextRule path_pattern = {
    "a path in canonical form, such as /orders, or with /* behind it; * nowhere else", "^/[!-~]*$",
    is_path_pattern};
const TextRule grpc_service = {"PACKAGE.SERVICE: letters, digits, _ and .",
                               "^[A-Za-z_][A-Za-z0-9_]*(\\.[A-Za-z_][A-Za-z0-9_]*)*$",
                               is_grpc_service};
const TextRule grpc_method = {"a name of letters, digits and _", "^[A-Za-z_][A-Za-z0-9_]*$",
                              is_grpc_method};
const TextRule claim = {
    "the name of a claim, or a JSON Pointer where ~ stands as ~0 only and / in a name as ~1; at "
    "most 256 bytes",
    "", is_claim};

}  // namespace text_rules
}  // namespace skiff
