#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "sidecar/http/arena.h"

namespace skiff {

// Header fields that some stage asks for by name; all others are `other`.
enum class FieldId : std::uint8_t {
  other,
  accept_encoding,
  authorization,
  connection,
  content_length,
  content_type,
  cookie,
  date,
  expect,
  forwarded,
  grpc_status,
  grpc_timeout,
  host,
  http2_settings,
  idempotency_key,
  keep_alive,
  proxy_authenticate,
  proxy_authorization,
  proxy_connection,
  ratelimit_limit,
  retry_after,
  server,
  te,
  trailer,
  transfer_encoding,
  upgrade,
  via,
  x_forwarded_client_cert,
  x_forwarded_for,
  x_forwarded_host,
  x_forwarded_proto,
  x_request_id,
  x_skiff_attempt,
  x_skiff_criticality,
  x_skiff_deadline_ms,
  count_,
};

// A set of ids.
using FieldIds = std::uint64_t;
static_assert(static_cast<unsigned>(FieldId::count_) <= 64);
constexpr FieldIds bit(FieldId id) { return FieldIds{1} << static_cast<unsigned>(id); }

// The id of a field name, whatever its case.
FieldId field_id(std::string_view name);
// The canonical spelling: lower case. Needs an id that is not `other`.
std::string_view field_name(FieldId id);

// Compares without regard to ASCII case; `lower` is lower case.
bool equals_ignoring_case(std::string_view text, std::string_view lower);

// Fields by which others decide (framing, routing, identity, what we say of the client): a
// Connection field may not take them away, a trailer may not bring them, and a request may not
// spell them with `_` for `-`, which backends that turn names into variables cannot tell apart.
bool is_protected(std::string_view name);
// Begins with `lower`, whatever its case, and with `_` counting as `-`.
bool starts_like(std::string_view name, std::string_view lower);

// One header field: views of memory that lives as long as the message.
struct Field {
  const char* name_at;
  const char* value_at;
  std::uint32_t value_size;
  std::uint16_t name_size;
  FieldId id;
  // name_at begins a line `name: value CRLF` in memory, with exactly one space, which can be
  // forwarded as it stands.
  bool is_line;

  std::string_view name() const { return {name_at, name_size}; }
  std::string_view value() const { return {value_at, value_size}; }
  const char* line_end() const { return value_at + value_size + 2; }  // Needs is_line.
};

// The fields of one message in their order. Names keep the case in which they came.
// Fields and texts live in the message's arena or, for an answer, in the worker's read buffer.
class Headers final {
 public:
  // Room for `capacity` fields from the start; grows from the arena when more are added.
  void reserve(Arena& arena, std::uint32_t capacity);

  const Field* begin() const { return fields_; }
  const Field* end() const { return fields_ + size_; }
  Field* begin() { return fields_; }
  Field* end() { return fields_ + size_; }
  std::uint32_t size() const { return size_; }
  void clear() { size_ = 0; }
  // Whether one of `ids` may be among them; false is sure. Cheaper than to look.
  bool may_have(FieldIds ids) const { return (ids_ & ids) != 0; }

  // Appends a field whose texts live long enough already.
  void push_back(Arena& arena, const Field& field) {
    if (size_ == capacity_) grow(arena, 2 * capacity_);
    fields_[size_++] = field;
    ids_ |= bit(field.id);
  }
  // Appends; `name` and `value` must live as long as the message (a literal, or arena.copy()).
  void add(Arena& arena, std::string_view name, std::string_view value);
  // Removes all of that name, then appends.
  void set(Arena& arena, std::string_view name, std::string_view value);

  // The first, or null. Needs an id that is not `other`.
  const Field* find(FieldId id) const { return may_have(bit(id)) ? look_for(id) : nullptr; }
  const Field* find(std::string_view name) const;  // Ignores case.
  void remove(FieldId id) {
    if (may_have(bit(id))) take_out(id);
  }
  void remove(std::string_view name);  // Ignores case.
  template <typename Predicate>
  void remove_if(Predicate is_unwanted) {
    Field* const kept = std::remove_if(begin(), end(), is_unwanted);
    size_ = static_cast<std::uint32_t>(kept - fields_);
  }

  // Moves what lies in [from, from + size) to `to`: the text was copied there.
  void rebase(const char* from, std::size_t size, const char* to);

 private:
  void grow(Arena& arena, std::uint32_t capacity);
  const Field* look_for(FieldId id) const;
  void take_out(FieldId id);

  Field* fields_ = nullptr;
  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = 0;
  FieldIds ids_ = 0;  // Of all that were ever added.
};

}  // namespace skiff
