#include "sidecar/http/forwarding.h"

#include <cstring>

namespace skiff {
namespace {

// A field whose line stands in memory as it goes on. `line` is `name: value CRLF`.
constexpr Field literal_line(std::string_view line, std::uint16_t name_size, FieldId id) {
  return {.name_at = line.data(),
          .value_at = line.data() + name_size + 2,
          .value_size = static_cast<std::uint32_t>(line.size() - name_size - 4),
          .name_size = name_size,
          .id = id,
          .is_line = true};
}

constexpr Field via_1_1 = literal_line("via: 1.1 skiff\r\n", 3, FieldId::via);
constexpr Field via_1_0 = literal_line("via: 1.0 skiff\r\n", 3, FieldId::via);
constexpr Field via_2 = literal_line("via: 2 skiff\r\n", 3, FieldId::via);

const Field& via(Version version) {
  switch (version) {
    case Version::http_1_0:
      return via_1_0;
    case Version::http_1_1:
      return via_1_1;
    case Version::http_2:
      return via_2;
    case Version::bytes:
      break;
  }
  return via_1_1;
}

void add(FieldId id, std::string_view value, Arena& arena, Headers& headers) {
  const std::string_view name = field_name(id);
  headers.push_back(arena, {.name_at = name.data(),
                            .value_at = value.data(),
                            .value_size = static_cast<std::uint32_t>(value.size()),
                            .name_size = static_cast<std::uint16_t>(name.size()),
                            .id = id,
                            .is_line = false});
}

// Eight hexadecimal digits: each half byte in a byte of its own, then made text, all at once.
constexpr std::uint64_t hex_of(std::uint32_t bits) {
  std::uint64_t spread = bits;
  spread = (spread | spread << 16) & 0x0000ffff0000ffff;
  spread = (spread | spread << 8) & 0x00ff00ff00ff00ff;
  spread = (spread | spread << 4) & 0x0f0f0f0f0f0f0f0f;
  const std::uint64_t letters = (spread + 0x0606060606060606) >> 4 & 0x0101010101010101;
  return spread + 0x3030303030303030 + letters * ('a' - '0' - 10);
}

void add_request_id(Random& random, Arena& arena, Headers& headers) {
  constexpr std::string_view name = "x-request-id: ";
  constexpr std::size_t digits = 32;
  char* const line = arena.allocate(name.size() + digits + 2, 1);
  std::memcpy(line, name.data(), name.size());
  char* to = line + name.size();
  for (int half = 0; half < 2; ++half, to += 16) {
    const std::uint64_t bits = random.next();
    const std::uint64_t text[] = {hex_of(static_cast<std::uint32_t>(bits)),
                                  hex_of(static_cast<std::uint32_t>(bits >> 32))};
    std::memcpy(to, text, sizeof text);
  }
  std::memcpy(to, "\r\n", 2);
  headers.push_back(arena,
                    literal_line({line, name.size() + digits + 2}, 12, FieldId::x_request_id));
}

// The values of all x-forwarded-for lines and `client_address`, as one list.
std::string_view forwarded_for(std::string_view client_address, Arena& arena,
                               const Headers& headers) {
  std::size_t size = client_address.size();
  bool any = false;
  for (const Field& field : headers) {
    if (field.id != FieldId::x_forwarded_for || field.value_size == 0) continue;
    size += field.value_size + 2U;
    any = true;
  }
  if (!any) return client_address;
  char* const list = arena.allocate(size, 1);
  char* to = list;
  for (const Field& field : headers) {
    if (field.id != FieldId::x_forwarded_for || field.value_size == 0) continue;
    std::memcpy(to, field.value_at, field.value_size);
    std::memcpy(to + field.value_size, ", ", 2);
    to += field.value_size + 2;
  }
  std::memcpy(to, client_address.data(), client_address.size());
  return {list, size};
}

bool is_claim(const Field& field) {
  switch (field.id) {
    case FieldId::forwarded:
    case FieldId::x_forwarded_client_cert:
    case FieldId::x_forwarded_for:
    case FieldId::x_forwarded_host:
    case FieldId::x_forwarded_proto:
    case FieldId::x_request_id:
    case FieldId::x_skiff_attempt:
    case FieldId::x_skiff_criticality:
    case FieldId::x_skiff_deadline_ms:
      return true;
    case FieldId::other:
      break;
    default:
      return false;
  }
  const std::string_view name = field.name();
  if (name.size() < 8 || (name[0] | 0x20) != 'x') return false;
  return starts_like(name, "x-skiff-") || starts_like(name, "x-forwarded-") ||
         equals_ignoring_case(name, "x-real-ip");
}

void replace_claims(std::string_view client_address, Arena& arena, Request& request) {
  Headers& headers = request.headers;
  const std::string_view list = forwarded_for(client_address, arena, headers);
  headers.remove_if(is_claim);
  add(FieldId::x_forwarded_for, list, arena, headers);
  add(FieldId::x_forwarded_proto, request.scheme, arena, headers);
  if (!request.authority.empty()) add(FieldId::x_forwarded_host, request.authority, arena, headers);
}

void say_who_called(std::string_view own_identity, const Exchange& exchange, Arena& arena,
                    Headers& headers) {
  constexpr std::string_view by = "By=";
  constexpr std::string_view uri = ";URI=";
  const std::string_view peer = exchange.client_identity;
  const std::string_view before = own_identity.empty() ? uri.substr(1) : uri;
  const std::size_t own = own_identity.empty() ? 0 : by.size() + own_identity.size();
  char* const value = arena.allocate(own + before.size() + peer.size(), 1);
  char* to = value;
  const auto put = [&to](std::string_view text) {
    std::memcpy(to, text.data(), text.size());
    to += text.size();
  };
  if (own > 0) {
    put(by);
    put(own_identity);
  }
  put(before);
  put(peer);
  add(FieldId::x_forwarded_client_cert, {value, static_cast<std::size_t>(to - value)}, arena,
      headers);
}

}  // namespace

void add_forwarding_fields(bool from_outside, std::string_view own_identity, Exchange& exchange,
                           Random& random) {
  Request& request = exchange.request;
  if (request.version == Version::bytes) return;
  Headers& headers = request.headers;
  if (from_outside) replace_claims(exchange.client_address, exchange.arena, request);
  headers.remove(FieldId::x_forwarded_client_cert);
  if (!exchange.client_identity.empty()) {
    say_who_called(own_identity, exchange, exchange.arena, headers);
  }
  if (headers.find(FieldId::x_request_id) == nullptr) {
    add_request_id(random, exchange.arena, headers);
  }
  headers.push_back(exchange.arena, via(request.version));
}

}  // namespace skiff
