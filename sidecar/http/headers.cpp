#include "sidecar/http/headers.h"

#include <array>
#include <bit>
#include <cstring>

namespace skiff {
namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(FieldId::count_)> names = {
    "",
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "cookie",
    "date",
    "expect",
    "forwarded",
    "grpc-status",
    "grpc-timeout",
    "host",
    "http2-settings",
    "idempotency-key",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "ratelimit-limit",
    "retry-after",
    "server",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-forwarded-client-cert",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-request-id",
    "x-skiff-attempt",
    "x-skiff-criticality",
    "x-skiff-deadline-ms",
};

constexpr std::string_view name_of(FieldId id) { return names[static_cast<std::size_t>(id)]; }

// Protected beside those with an id and the prefixes in is_protected().
constexpr std::string_view protected_names[] = {
    "age",
    "cache-control",
    "content-encoding",
    "content-range",
    "expires",
    "location",
    "max-forwards",
    "pragma",
    "range",
    "set-cookie",
    "traceparent",
    "tracestate",
    "vary",
    "warning",
    "www-authenticate",
    "x-real-ip",
    "x-http-method-override",
};

// Have an id, but decide nothing: a trailer by trade, and what an answer says of a limit.
constexpr FieldIds unprotected = bit(FieldId::grpc_status) | bit(FieldId::ratelimit_limit);

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }
constexpr char alike(char c) { return c == '_' ? '-' : lower(c); }

bool same_ignoring_case(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

bool same_alike(std::string_view name, std::string_view lower_name) {
  return name.size() == lower_name.size() && starts_like(name, lower_name);
}

// Eight bytes at most of a constant, as a number, and the bits that tell its letters' case.
struct Word {
  std::uint64_t text = 0;
  std::uint64_t case_bits = 0;
};

template <std::size_t Size>
constexpr Word word_of(std::string_view text, std::size_t from) {
  Word word;
  for (std::size_t i = Size; i-- > 0;) {
    const char c = text[from + i];
    word.text = word.text << 8 | static_cast<unsigned char>(c);
    word.case_bits = word.case_bits << 8 | (c >= 'a' && c <= 'z' ? 0x20U : 0U);
  }
  return word;
}

template <typename Unsigned, FieldId id, std::size_t from>
bool same_word(const char* at) {
  constexpr Word word = word_of<sizeof(Unsigned)>(name_of(id), from);
  Unsigned bytes;
  std::memcpy(&bytes, at + from, sizeof bytes);
  return (bytes | static_cast<Unsigned>(word.case_bits)) == static_cast<Unsigned>(word.text);
}

// Whether the name of `id` stands at `at`, in words that overlap where the length is odd. A set
// case bit cannot make another byte a letter, so that the comparison is exact.
template <FieldId id>
bool same(const char* at) {
  constexpr std::size_t size = name_of(id).size();
  if constexpr (size > 16) {
    return same_word<std::uint64_t, id, 0>(at) && same_word<std::uint64_t, id, 8>(at) &&
           same_word<std::uint64_t, id, size - 8>(at);
  } else if constexpr (size >= 8) {
    return same_word<std::uint64_t, id, 0>(at) && same_word<std::uint64_t, id, size - 8>(at);
  } else if constexpr (size >= 4) {
    return same_word<std::uint32_t, id, 0>(at) && same_word<std::uint32_t, id, size - 4>(at);
  } else {
    return same_word<std::uint16_t, id, 0>(at) && same_word<std::uint16_t, id, size - 2>(at);
  }
}

template <FieldId... ids>
FieldId one_of(const char* at) {
  FieldId found = FieldId::other;
  static_cast<void>(((same<ids>(at) && (found = ids, true)) || ...));
  return found;
}

}  // namespace

static_assert(std::endian::native == std::endian::little, "same_word() reads words");

FieldId field_id(std::string_view name) {
  using enum FieldId;
  const char* at = name.data();
  switch (name.size()) {
    case 2:
      return one_of<te>(at);
    case 3:
      return one_of<via>(at);
    case 4:
      return one_of<host, date>(at);
    case 6:
      return one_of<cookie, expect, server>(at);
    case 7:
      return one_of<trailer, upgrade>(at);
    case 9:
      return one_of<forwarded>(at);
    case 10:
      return one_of<connection, keep_alive>(at);
    case 11:
      return one_of<retry_after, grpc_status>(at);
    case 12:
      return one_of<content_type, x_request_id, grpc_timeout>(at);
    case 13:
      return one_of<authorization>(at);
    case 14:
      return one_of<content_length, http2_settings>(at);
    case 15:
      return one_of<accept_encoding, x_forwarded_for, idempotency_key, ratelimit_limit,
                    x_skiff_attempt>(at);
    case 16:
      return one_of<proxy_connection, x_forwarded_host>(at);
    case 17:
      return one_of<transfer_encoding, x_forwarded_proto>(at);
    case 18:
      return one_of<proxy_authenticate>(at);
    case 19:
      return one_of<proxy_authorization, x_skiff_deadline_ms, x_skiff_criticality>(at);
    case 23:
      return one_of<x_forwarded_client_cert>(at);
    default:
      return other;
  }
}

std::string_view field_name(FieldId id) { return name_of(id); }

bool equals_ignoring_case(std::string_view text, std::string_view lower_text) {
  if (text.size() != lower_text.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (lower(text[i]) != lower_text[i]) return false;
  return true;
}

bool starts_like(std::string_view name, std::string_view lower_text) {
  if (name.size() < lower_text.size()) return false;
  for (std::size_t i = 0; i < lower_text.size(); ++i)
    if (alike(name[i]) != lower_text[i]) return false;
  return true;
}

bool is_protected(std::string_view name) {
  for (std::size_t id = 1; id < names.size(); ++id) {
    if ((unprotected & bit(static_cast<FieldId>(id))) != 0) continue;
    if (same_alike(name, names[id])) return true;
  }
  for (const std::string_view known : protected_names)
    if (same_alike(name, known)) return true;
  return starts_like(name, "x-forwarded-") || starts_like(name, "x-skiff-") ||
         starts_like(name, "if-");
}

void Headers::reserve(Arena& arena, std::uint32_t capacity) {
  if (capacity > capacity_) grow(arena, capacity);
}

void Headers::grow(Arena& arena, std::uint32_t capacity) {
  constexpr std::uint32_t least = 16;
  capacity_ = std::max(capacity, least);
  auto* const larger = arena.make_array<Field>(capacity_);
  if (size_ > 0) std::memcpy(larger, fields_, size_ * sizeof(Field));
  fields_ = larger;
}

void Headers::add(Arena& arena, std::string_view name, std::string_view value) {
  push_back(arena, {.name_at = name.data(),
                    .value_at = value.data(),
                    .value_size = static_cast<std::uint32_t>(value.size()),
                    .name_size = static_cast<std::uint16_t>(name.size()),
                    .id = field_id(name),
                    .is_line = false});
}

void Headers::set(Arena& arena, std::string_view name, std::string_view value) {
  remove(name);
  add(arena, name, value);
}

const Field* Headers::look_for(FieldId id) const {
  for (const Field& field : *this)
    if (field.id == id) return &field;
  return nullptr;
}

const Field* Headers::find(std::string_view name) const {
  if (const FieldId id = field_id(name); id != FieldId::other) return find(id);
  for (const Field& field : *this)
    if (field.id == FieldId::other && same_ignoring_case(field.name(), name)) return &field;
  return nullptr;
}

void Headers::take_out(FieldId id) {
  remove_if([id](const Field& field) { return field.id == id; });
}

void Headers::remove(std::string_view name) {
  if (const FieldId id = field_id(name); id != FieldId::other) return remove(id);
  remove_if([name](const Field& field) {
    return field.id == FieldId::other && same_ignoring_case(field.name(), name);
  });
}

void Headers::rebase(const char* from, std::size_t size, const char* to) {
  const auto move = [=](const char*& at) {
    const auto offset =
        reinterpret_cast<std::uintptr_t>(at) - reinterpret_cast<std::uintptr_t>(from);
    if (offset <= size) at = to + offset;
  };
  for (Field& field : *this) {
    move(field.name_at);
    move(field.value_at);
  }
}

}  // namespace skiff
