#pragma once

#include <string>
#include <string_view>

namespace skiff {

// What a text field may say.
struct TextRule {
  std::string_view expected;  // As it ends the sentence "expected …".
  std::string_view pattern;   // The same for JSON Schema (ECMA 262); empty where it cannot say it.
  bool (*holds)(std::string_view text);
  std::string (*reason)(std::string_view text) =
      nullptr;  // Why it does not hold, where that helps.
};

namespace text_rules {

extern const TextRule any;            // All but the empty text.
extern const TextRule dns_label;      // RFC 1123: `product`, `v2`.
extern const TextRule dns_name;       // RFC 1123 subdomain: `shop.example.com`.
extern const TextRule host_pattern;   // A dns_name, or `*.` and one.
extern const TextRule service_name;   // `NAME` or `NAME.NAMESPACE`.
extern const TextRule header_name;    // RFC 9110, token.
extern const TextRule header_value;   // RFC 9110, field-value; may be empty.
extern const TextRule http_method;    // As Gateway API lists them.
extern const TextRule absolute_path;  // A path that begins with `/` and needs no normalising.
extern const TextRule ip_address;     // IPv4 or IPv6, no brackets, no zone.
extern const TextRule host_port;      // `127.0.0.1:5002`, `[::1]:5002`, `name:5002`.
extern const TextRule regex;          // What RE2 compiles within its limits.
extern const TextRule timestamp;      // RFC 3339.
extern const TextRule file_path;      // No control characters.

extern const TextRule http_method_token;  // Any method, also one that RFC 9110 does not know.
extern const TextRule application;        // A host_port, or `unix:` and a socket_path.
extern const TextRule socket_path;        // An absolute path that fits a Unix socket's address.
extern const TextRule cidr;               // `10.0.0.0/8`, `fd00::/8`.
extern const TextRule trust_domain;       // SPIFFE's.
extern const TextRule identity;           // A SPIFFE ID, or the name of a service account.
extern const TextRule identity_pattern;   // A SPIFFE ID, a beginning of one and `*`, or `*`.
extern const TextRule path_pattern;       // A path in its one form, or such a path and `/*`.
extern const TextRule grpc_service;       // `shop.Catalog`.
extern const TextRule grpc_method;        // `ListProducts`.
extern const TextRule claim;              // Of a token: `sub`, `/realm/tenant`.

}  // namespace text_rules

// An address of IPv4 or IPv6 as inet_ntop() writes it; empty: it is none.
std::string canonical_address(std::string_view text);

// Whether RE2 takes `pattern`, within 1,024 bytes and 64 KiB of program; else `reason` says why
// not.
bool compiles(std::string_view pattern, std::string* reason = nullptr);

}  // namespace skiff
