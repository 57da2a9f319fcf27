#include "sidecar/http/forwarding.h"

#include <algorithm>
#include <string_view>

namespace skiff {
namespace {

constexpr std::size_t id_digits = 32;
constexpr std::string_view reserved_prefix = "x-skiff-";

std::string_view new_id(Arena& arena, Random& random) {
  constexpr std::string_view digits = "0123456789abcdef";
  char* const id = arena.allocate(id_digits, 1);
  for (std::size_t i = 0; i < id_digits; i += 16) {
    std::uint64_t bits = random.next();
    for (std::size_t j = 0; j < 16; ++j, bits >>= 4) id[i + j] = digits[bits & 15];
  }
  return {id, id_digits};
}

bool is_reserved(const Field& field) {
  return field.id == FieldId::x_forwarded_client_cert ||
         (field.name_size > reserved_prefix.size() &&
          equals_ignoring_case(field.name().substr(0, reserved_prefix.size()), reserved_prefix));
}

// All values of x-forwarded-for so far, and the client behind them.
std::string_view forwarded_for(const Exchange& exchange, Arena& arena) {
  std::size_t size = exchange.client_address.size();
  for (const Field& field : exchange.request.headers) {
    if (field.id == FieldId::x_forwarded_for) size += field.value_size + 2;
  }
  char* const text = arena.allocate(size, 1);
  char* at = text;
  for (const Field& field : exchange.request.headers) {
    if (field.id != FieldId::x_forwarded_for) continue;
    at = std::copy_n(field.value_at, field.value_size, at);
    *at++ = ',';
    *at++ = ' ';
  }
  std::copy(exchange.client_address.begin(), exchange.client_address.end(), at);
  return {text, size};
}

}  // namespace

void add_forwarding_fields(bool from_outside, Exchange& exchange, Random& random) {
  Arena& arena = exchange.arena;
  Headers& headers = exchange.request.headers;
  if (from_outside) {
    headers.remove_if(is_reserved);
    headers.set(arena, "x-forwarded-for", forwarded_for(exchange, arena));
    headers.set(arena, "x-forwarded-proto", exchange.request.scheme);
    headers.set(arena, "x-forwarded-host", exchange.request.authority);
  }
  if (headers.find(FieldId::x_request_id) == nullptr) {
    headers.add(arena, "x-request-id", new_id(arena, random));
  }
  headers.add(arena, "via", "1.1 skiff");
}

}  // namespace skiff
